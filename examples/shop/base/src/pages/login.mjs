import { html } from '../html.mjs';
import { textField } from './field.mjs';
import { layout } from './layout.mjs';

/**
 * @param {import('../session.mjs').Frame} frame
 * @param {{ next: string, email: string, problem: string | null }} state
 */
export function loginPage(frame, { next, email, problem }) {
  return layout(
    frame,
    { title: 'Log in', current: 'login' },
    html`<section class="narrow">
<h1>Log in</h1>
${problem && html`<p class="problem" role="alert">${problem}</p>`}
<form method="post" action="/login">
<input type="hidden" name="next" value="${next}">
${textField({ name: 'email', label: 'E-mail', type: 'email', value: email, autocomplete: 'username' })}
${textField({ name: 'password', label: 'Password', type: 'password', value: '', autocomplete: 'current-password' })}
<button class="button">Log in</button>
</form>
</section>`,
  );
}
