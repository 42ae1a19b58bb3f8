/** The length of a body in bytes; null where only its end tells; for a form it is asked for where it is needed. */
export type Size = number | (() => Promise<number>) | null;

/** The length of what a Response is made of, where it is not a stream. */
export function lengthOf(body: unknown): Size {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength;
  if (body instanceof Blob) return body.size;
  if (body instanceof URLSearchParams) return Buffer.byteLength(String(body));
  if (body instanceof FormData) return formLength(body);
  return null;
}

// The platform knows it and does not tell. The same form without what is in its files has the same text around them.
function formLength(form: FormData): () => Promise<number> {
  let inFiles = 0;
  const outline = new FormData();
  for (const [name, value] of form) {
    if (typeof value === 'string') outline.append(name, value);
    else {
      inFiles += value.size;
      outline.append(name, new File([], value.name, { type: value.type }));
    }
  }
  return async () =>
    (await new Request('http://form/', { method: 'POST', body: outline }).arrayBuffer()).byteLength + inFiles;
}
