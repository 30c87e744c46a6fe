import { type Html, html } from './markup.ts';

/** A table that scrolls sideways where it is wider than the page. `rows` are whole rows. */
export function scrollingTable(
  label: string,
  { heads, rows }: { heads: readonly (string | Html)[]; rows: readonly Html[] },
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
