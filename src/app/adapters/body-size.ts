/** The length of a body in bytes; null if only its end shows it. That of a form is computed on demand. */
export type Size = number | (() => Promise<number>) | null;

/** The length of the body that a Response was made of, unless it is a stream. */
export function lengthOf(body: unknown): Size {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength;
  if (body instanceof Blob) return body.size;
  if (body instanceof URLSearchParams) return Buffer.byteLength(String(body));
  if (body instanceof FormData) return formLength(body);
  return null;
}

// The platform knows the length but does not tell. The same form with empty files has the same text around them.
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
