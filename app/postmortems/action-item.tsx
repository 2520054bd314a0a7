import { Form, Link, useNavigation } from '@remix-run/react';
import { ChevronRight } from 'lucide-react';
import { Button } from '#app/components/ui/button';
import { SelectField, TextField } from '#app/components/ui/field';
import { RequestKey } from '#app/components/ui/request-key';
import { StatusMark } from '#app/components/ui/status-mark';
import type { ActionFailure } from '#app/http/protected.server';
import { paths } from '#app/lib/paths';
import { useKeyAfter } from '#app/lib/use-form-key';
import { useHeldFor } from '#app/lib/use-held';
import { itemLook } from '#app/postmortems/looks';
import type { ActionItemView, OwnerView } from '#server/postmortems/contract';
import {
  ACTION_ITEM_STATE_LABELS,
  ACTION_ITEM_STATES,
  PRIORITIES,
  PRIORITY_LABELS,
} from '#server/postmortems/words/contract';

export interface ItemActions {
  owners: OwnerView[];
  /** Of the item whose form was refused. */
  failure: ActionFailure | undefined;
  /** Whether its forms are shown. */
  mayChange: boolean;
}

/** One action item: what, who, until when, how it stands; and its change and its end for who may. */
export function ActionItem({
  item,
  owners,
  failure,
  mayChange,
  withIncident,
}: ItemActions & { item: ActionItemView; withIncident?: boolean }) {
  const refused = failure?.values.itemId === item.id ? failure : undefined;
  const isEnded = item.group === 'ended';
  const formKey = useKeyAfter((sent) => sent === undefined || sent.get('itemId') === item.id);
  // What the form began with: its version tells the server which item was looked at.
  const begun = useHeldFor(formKey, item);
  return (
    <li id={`item-${item.id}`} className="grid gap-1 px-4 py-3">
      <div className="flex flex-wrap items-start gap-x-3 gap-y-1">
        <p className="min-w-40 flex-1 font-medium break-words">{item.title}</p>
        {mayChange && !isEnded ? (
          <Form method="post" preventScrollReset className="no-print">
            <input type="hidden" name="intent" value="finish" />
            <input type="hidden" name="itemId" value={item.id} />
            <input type="hidden" name="version" value={item.version} />
            <Button type="submit" size="s">
              Done<span className="sr-only">: {item.title}</span>
            </Button>
          </Form>
        ) : null}
      </div>
      <p className="flex flex-wrap gap-x-3 text-s text-muted">
        <StatusMark look={itemLook(item)} />
        <span>{item.ownerName}</span>
        <span>due {item.dueOn}</span>
        <span>{PRIORITY_LABELS[item.priority]} priority</span>
        {withIncident ? (
          <Link to={paths.postmortem(item.incidentNumber)} prefetch="intent" className="link">
            {item.incidentName}
          </Link>
        ) : null}
      </p>
      {mayChange ? (
        <details className="group no-print" open={refused ? true : undefined}>
          <summary className="hit inline-flex items-center gap-1.5 text-s text-muted hover:text-ink">
            <ChevronRight
              aria-hidden="true"
              size={14}
              className="transition-transform group-open:rotate-90"
            />
            Change<span className="sr-only">: {item.title}</span>
          </summary>
          <Form method="post" preventScrollReset className="grid gap-3 pt-1 pb-1" key={formKey}>
            <input type="hidden" name="intent" value="change" />
            <input type="hidden" name="itemId" value={item.id} />
            <input type="hidden" name="version" value={begun.version} />
            <ItemFields
              values={valuesOf(begun, refused)}
              owners={withOwner(owners, begun)}
              failure={refused}
            />
            <SelectField
              label="State"
              name="state"
              defaultValue={typedOr(refused, 'state', begun.state)}
              options={ACTION_ITEM_STATES.map((value) => ({ value, label: ACTION_ITEM_STATE_LABELS[value] }))}
            />
            <Button type="submit" className="justify-self-start">
              Save
            </Button>
          </Form>
        </details>
      ) : null}
    </li>
  );
}

/** Adds an item. */
export function NewActionItem({
  owners,
  failure,
  me,
  dueOn,
}: {
  owners: OwnerView[];
  failure: ActionFailure | undefined;
  me: string;
  dueOn: string;
}) {
  const navigation = useNavigation();
  const isBusy = navigation.formData?.get('intent') === 'add';
  const values = {
    title: typedOr(failure, 'title', ''),
    email: typedOr(failure, 'email', me),
    dueOn: typedOr(failure, 'dueOn', dueOn),
    priority: typedOr(failure, 'priority', 'medium'),
  };
  return (
    <Form method="post" preventScrollReset className="no-print grid gap-3 border-t border-line p-4">
      <input type="hidden" name="intent" value="add" />
      <RequestKey />
      <ItemFields values={values} owners={owners} failure={failure} />
      <Button type="submit" className="justify-self-start" aria-busy={isBusy}>
        Add an action item
      </Button>
    </Form>
  );
}

interface ItemValues {
  title: string;
  email: string;
  dueOn: string;
  priority: string;
}

function ItemFields({
  values,
  owners,
  failure,
}: {
  values: ItemValues;
  owners: OwnerView[];
  failure: ActionFailure | undefined;
}) {
  return (
    <>
      <TextField
        label="What is to be done"
        name="title"
        required
        maxLength={200}
        autoComplete="off"
        defaultValue={values.title}
        errors={failure?.fields.title}
      />
      <SelectField
        label="Owner"
        name="email"
        defaultValue={values.email}
        errors={failure?.fields.email}
        options={owners.map(({ name, email }) => ({ value: email, label: name }))}
      />
      <div className="grid gap-3 min-[26rem]:grid-cols-2">
        <TextField
          label="Due"
          name="dueOn"
          type="date"
          required
          defaultValue={values.dueOn}
          errors={failure?.fields.dueOn}
        />
        <SelectField
          label="Priority"
          name="priority"
          defaultValue={values.priority}
          errors={failure?.fields.priority}
          options={PRIORITIES.map((value) => ({ value, label: PRIORITY_LABELS[value] }))}
        />
      </div>
    </>
  );
}

function valuesOf(item: ActionItemView, refused: ActionFailure | undefined): ItemValues {
  return {
    title: typedOr(refused, 'title', item.title),
    email: typedOr(refused, 'email', item.ownerEmail),
    dueOn: typedOr(refused, 'dueOn', item.dueOn),
    priority: typedOr(refused, 'priority', item.priority),
  };
}

/** What was typed into a form that was refused, or what is there. */
function typedOr(refused: ActionFailure | undefined, name: string, first: string): string {
  const typed = refused?.values[name];
  return typeof typed === 'string' ? typed : first;
}

/** Who owns an item stays a choice, though they may no longer take another one. */
function withOwner(owners: OwnerView[], { ownerName, ownerEmail }: ActionItemView): OwnerView[] {
  if (owners.some(({ email }) => email === ownerEmail)) return owners;
  return [{ name: ownerName, email: ownerEmail }, ...owners];
}
