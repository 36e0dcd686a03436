import { clipped } from "../contract/clipped.ts"

/** Enough to see what went wrong; the first ones usually explain the rest. */
const shown = 8
const shownCharacters = 120
/** Of what two texts have in common, so many characters before the place where they part. */
const shownBefore = 40

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** As JSON would have it: what counts is what a client or a table would hold, not classes or absent members. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, nested: unknown) => (typeof nested === "bigint" ? String(nested) : nested)) ?? "null"
  )

const jsonOf = (value: unknown): string => (value === undefined ? "absent" : JSON.stringify(value))

/** The index of the first UTF-16 unit in which the texts differ. */
const partsAt = (a: string, b: string): number => {
  const shorter = Math.min(a.length, b.length)
  for (let at = 0; at < shorter; at++) if (a[at] !== b[at]) return at
  return shorter
}

/** The part of the text around the index; "…" stands for what is left out. */
const around = (text: string, at: number): string => {
  const from = Math.max(0, at - shownBefore)
  const shownPart = clipped(text.slice(from).replace(/^[\uDC00-\uDFFF]/u, ""), shownCharacters)
  return from === 0 ? shownPart : `…${shownPart}`
}

/** How two texts differ: whole when they are short, else the place where they part. */
export const textDifference = (expected: string, actual: string): string => {
  if (expected.length <= shownCharacters && actual.length <= shownCharacters) return `${actual} instead of ${expected}`
  const at = partsAt(expected, actual)
  return `at character ${at}: ${around(actual, at)} instead of ${around(expected, at)}`
}

const walk = (path: string, expected: unknown, actual: unknown): ReadonlyArray<string> => {
  if (isObject(expected) && isObject(actual)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)])
    return [...names].flatMap((name) => walk(path === "" ? name : `${path}.${name}`, expected[name], actual[name]))
  }
  return expected === actual ? [] : [`${path || "it"} is ${textDifference(jsonOf(expected), jsonOf(actual))}`]
}

/** Where two observations differ as JSON, with the path of each difference; the order of members does not count. */
export const differencesOf = (expected: unknown, actual: unknown): ReadonlyArray<string> =>
  walk("", plain(expected), plain(actual)).slice(0, shown)
