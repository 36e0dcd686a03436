const escape = "\u001b["

/** Without the control sequences of terminals. */
const withoutSequences = (text: string): string =>
  text
    .split(escape)
    .map((part, at) => (at === 0 ? part : part.replace(/^[\d;?]*[A-Za-z]/, "")))
    .join("")

/** Control characters, but for new lines and tabs, and those that change the direction of the text after them. */
const controls = /[^\P{Cc}\n\t]|\p{Bidi_Control}/gu

/** A text that others chose, as it can be shown: without control characters, and at most `limit` code points long. */
export const clean = (text: string, limit: number): string => {
  // No code point takes more than two units.
  const points = [...withoutSequences(text.slice(0, 4 * limit)).replaceAll(controls, "")]
  return points.length > limit ? `${points.slice(0, limit).join("")}…` : points.join("")
}
