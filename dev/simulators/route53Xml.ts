/** The XML namespace of Route 53's documents. */
export const namespace = "https://route53.amazonaws.com/doc/2013-04-01/"

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }

export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&${Object.keys(entities).find((name) => entities[name] === character)};`)

const unescaped = (text: string): string =>
  text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code?: string, name?: string) =>
    code === undefined ? (entities[name ?? ""] ?? whole) : String.fromCodePoint(Number(code))
  )

/** Contents between each pair of these tags. The SDK's documents have no attributes or comments there. */
export const elements = (xml: string, tag: string): ReadonlyArray<string> =>
  [...xml.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g"))].map(([, inside = ""]) => inside)

export const texts = (xml: string, tag: string): ReadonlyArray<string> => elements(xml, tag).map(unescaped)

export const text = (xml: string, tag: string): string => texts(xml, tag)[0] ?? ""

/** Elements in order; an element without a value is left out. */
export const element = (tag: string, inside: string | number | boolean | undefined): string =>
  inside === undefined ? "" : `<${tag}>${typeof inside === "string" ? inside : String(inside)}</${tag}>`

export const documentOf = (root: string, inside: string): string =>
  `<?xml version="1.0"?>\n<${root} xmlns="${namespace}">${inside}</${root}>`
