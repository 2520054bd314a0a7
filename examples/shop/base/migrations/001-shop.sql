create table app_user (
  id bigint generated always as identity primary key,
  email text not null unique check (email = lower(email)),
  full_name text not null,
  role text not null check (role in ('customer', 'admin')),
  password_hash text not null,
  created_at timestamptz not null default now()
);

create table session (
  token_hash text primary key,
  user_id bigint not null references app_user (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index session_expires_at on session (expires_at);

create table product (
  slug text primary key,
  position int not null unique,
  name text not null,
  category text not null,
  summary text not null,
  description text not null,
  price_cents int not null check (price_cents > 0),
  unit text not null,
  hue int not null check (hue between 0 and 359),
  stock int not null check (stock >= 0),
  stock_checked_at timestamptz not null default timestamptz '2025-08-15 06:00:00Z'
);
comment on column product.stock is 'written by the warehouse, shown by the shop';

create table customer_order (
  id text primary key,
  user_id bigint references app_user (id),
  email text not null,
  contact_name text not null,
  address text not null default '',
  delivery_cents int not null check (delivery_cents >= 0),
  total_cents int not null check (total_cents > 0),
  release text not null,
  placed_at timestamptz not null default now()
);
create index customer_order_placed_at on customer_order (placed_at desc);

create table order_line (
  order_id text not null references customer_order (id) on delete cascade,
  slug text not null references product (slug),
  quantity int not null check (quantity > 0),
  unit_price_cents int not null check (unit_price_cents > 0),
  primary key (order_id, slug)
);

create table payment_attempt (
  id bigint generated always as identity primary key,
  order_id text references customer_order (id) on delete cascade,
  amount_cents int not null,
  outcome text not null check (outcome in ('accepted', 'refused')),
  reason text,
  reference text,
  at timestamptz not null default now()
);
create index payment_attempt_at on payment_attempt (at desc);

create table visit (
  id bigint generated always as identity primary key,
  visitor text not null,
  path text not null,
  release text not null,
  at timestamptz not null
);
create index visit_at on visit (at);

insert into product (slug, position, name, category, summary, description, price_cents, unit, hue, stock) values
  ('tisane-du-soir', 1, 'Tisane du Soir', 'tisanes', 'Lime blossom, lemon verbena and orange flower for a quiet evening.',
   'Three flowers dried in the shade within two days of picking. Pour on water at 90 °C and wait seven minutes; the lime blossom gives the body, the orange flower the last word.', 890, '50 g', 88, 140),
  ('camomille-romaine', 2, 'Camomille Romaine', 'tisanes', 'Whole Roman chamomile heads, apple-scented and round.',
   'Picked by hand on the plateau of Anjou when the petals lie flat. A spoonful a cup is enough.', 750, '40 g', 48, 96),
  ('menthe-poivree', 3, 'Menthe Poivrée', 'tisanes', 'Milly peppermint, cool and clean.',
   'The old Milly-la-Forêt strain, cut before it flowers. Good hot, better iced.', 620, '40 g', 152, 210),
  ('verveine-odorante', 4, 'Verveine Odorante', 'tisanes', 'Long green leaves of lemon verbena.',
   'Whole leaves, so that the oil stays in until you crush them into the pot.', 840, '35 g', 104, 88),
  ('thym-de-provence', 5, 'Thym de Provence', 'aromates', 'Wild thyme from the garrigue above Forcalquier.',
   'Small, dry and strong. Rub it between your fingers over the pan, never before.', 480, '60 g', 76, 320),
  ('herbes-de-la-saint-jean', 6, 'Herbes de la Saint-Jean', 'aromates', 'Savory, rosemary, oregano, thyme and a little lavender.',
   'The mixture that the village makes at midsummer, in the proportions of our grandmother.', 560, '70 g', 64, 260),
  ('laurier-sauce', 7, 'Laurier-Sauce', 'aromates', 'Bay leaves on the branch.',
   'Cut in January when the leaves hold most oil. One leaf for a pot of four.', 390, '20 leaves', 128, 180),
  ('huile-de-calendula', 8, 'Huile de Calendula', 'huiles', 'Marigold flowers in organic sunflower oil.',
   'Macerated for forty days in the sun, then pressed through linen. For dry hands and tired feet.', 1450, '100 ml', 32, 74),
  ('baume-a-l-arnica', 9, 'Baume à l’Arnica', 'huiles', 'Mountain arnica in beeswax, for knocks and walks.',
   'Arnica montana from the Vosges, under a picking quota. Not for broken skin.', 1290, '60 ml', 42, 61),
  ('miel-de-chataignier', 10, 'Miel de Châtaignier', 'gourmandises', 'Dark chestnut honey from the Cévennes.',
   'Bitter, woody, slow to set. It stands up to cheese.', 1120, '250 g', 24, 118),
  ('sirop-de-sureau', 11, 'Sirop de Sureau', 'gourmandises', 'Elderflower syrup, cooked the day of the picking.',
   'Forty flower heads to the litre, lemon, cane sugar and nothing else.', 980, '50 cl', 56, 92),
  ('savon-a-la-sauge', 12, 'Savon à la Sauge', 'bain', 'Cold-process soap with clary sage.',
   'Olive oil from Nyons, cured for six weeks on wooden racks.', 690, '100 g', 168, 154),
  ('eau-de-rose', 13, 'Eau de Rose', 'bain', 'Rose water distilled from Centifolia roses.',
   'Two kilos of petals for a litre. Keep it in the cool and use it within the season.', 1350, '200 ml', 340, 47);

-- Demo accounts; the password of both is in README.md.
insert into app_user (email, full_name, role, password_hash) values
  ('camille@example.org', 'Camille Laurent', 'customer', 'scrypt:XTFyK9omeiFa4iMXZl7arg:XeeWjqtkE0FT9R5fBQHhFSbaz7ARBCglCizPRCjkplI'),
  ('admin@example.org', 'Odile Mercier', 'admin', 'scrypt:S400KyOOrwnYXQrgIcNUnQ:gmEKxNPK7pkz-G7twM9MIM2PHdZYAG2ryvhOjIVHi7o');
