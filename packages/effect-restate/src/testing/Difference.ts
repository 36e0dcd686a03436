import { clipped } from "../contract/clipped.ts"

/** Enough to see what went wrong; the first ones usually explain the rest. */
const shown = 8
const shownCharacters = 120

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

/** As JSON would have it: what counts is what a client or a table would hold, not classes or absent members. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, nested: unknown) => (typeof nested === "bigint" ? String(nested) : nested)) ?? "null"
  )

const brief = (value: unknown): string => {
  const text = value === undefined ? "absent" : JSON.stringify(value)
  return clipped(text, shownCharacters)
}

const walk = (path: string, expected: unknown, actual: unknown): ReadonlyArray<string> => {
  if (isObject(expected) && isObject(actual)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)])
    return [...names].flatMap((name) => walk(path === "" ? name : `${path}.${name}`, expected[name], actual[name]))
  }
  return expected === actual ? [] : [`${path || "it"} is ${brief(actual)} instead of ${brief(expected)}`]
}

/** Where two observations differ as JSON, with the path of each difference; the order of members does not count. */
export const differencesOf = (expected: unknown, actual: unknown): ReadonlyArray<string> =>
  walk("", plain(expected), plain(actual)).slice(0, shown)
