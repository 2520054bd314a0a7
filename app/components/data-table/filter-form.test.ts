import { createElement, Fragment } from 'react';
import { expect, it } from 'vitest';
import { ChoiceFilter, controlNames, SearchFilter } from '#app/components/data-table/filter-form';

it('the controls of a form are known by name, however deep they are; all else of the address stays beside them', () => {
  const choice = (name: string) =>
    createElement(ChoiceFilter, { name, label: name, all: 'Any', options: [] });
  const search = createElement(SearchFilter, { label: 'Search', placeholder: '' });
  const names = controlNames([
    search,
    null,
    createElement(Fragment, null, choice('state'), [choice('kind')]),
  ]);
  expect([...names].sort()).toEqual(['kind', 'search', 'state']);
});
