import { clean } from "./clean.ts"

/** A text that others chose. It becomes neither markup nor part of the text around it. */
export const Text = ({ limit = 512, of }: { readonly of: string; readonly limit?: number }) => (
  <bdi>{clean(of, limit)}</bdi>
)
