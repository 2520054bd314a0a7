import { html } from '../html.mjs';

/**
 * A labelled input with its error.
 * @param {{ name: string, label: string, value: string, problem?: string, type?: string, autocomplete?: string, hint?: string }} field
 */
export function textField({ name, label, value, problem, type = 'text', autocomplete, hint }) {
  return html`<div class="field">
<label for="${name}">${label}${hint && html` <span class="quiet">${hint}</span>`}</label>
<input id="${name}" name="${name}" type="${type}" value="${value}"${autocomplete && html` autocomplete="${autocomplete}"`}${
    problem && html` aria-invalid="true" aria-describedby="${name}-problem"`
  } required>
${problem && html`<p class="problem" id="${name}-problem">${problem}</p>`}
</div>`;
}
