import { safe } from '../printk/safe.ts';

export interface XmlElement {
  name: string;
  attributes: Record<string, string | number>;
  /** Child elements, or one text whose newlines stay. */
  content?: XmlElement[] | string;
}

/**
 * An XML 1.0 document of UTF-8. Names are ours and taken as they are; values may be anything: `safe` shows every
 * character that XML 1.0 (section 2.2, `Char`) forbids as an escape, and leaves none that a parser normalises.
 */
export function renderXml(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${renderElement(root, '')}`;
}

function renderElement({ name, attributes, content = [] }: XmlElement, indent: string): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(safe(String(value)))}"`);
  const open = `${indent}<${name}${pairs.join('')}`;
  if (content.length === 0) return `${open}/>\n`;
  if (typeof content === 'string')
    return `${open}>${escape(content.split('\n').map(safe).join('\n'))}</${name}>\n`;
  const children = content.map((child) => renderElement(child, `${indent}  `));
  return `${open}>\n${children.join('')}${indent}</${name}>\n`;
}

/** `>` too, so that no text can hold the forbidden `]]>`. */
function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
