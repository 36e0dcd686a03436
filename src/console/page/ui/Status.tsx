/** `busy`: work runs. `waiting`: it goes on by itself. `stuck`: it needs an operator. */
export type Tone = "good" | "busy" | "waiting" | "bad" | "stuck" | "neutral"

/** The shape repeats what the color says. */
const shapes: Readonly<Record<Tone, string>> = {
  good: "✓",
  busy: "●",
  waiting: "◔",
  bad: "✕",
  stuck: "‖",
  neutral: "–"
}

export const Status = ({ text, tone }: { readonly text: string; readonly tone: Tone }) => (
  <span class={`status ${tone}`}>
    <span aria-hidden="true">{shapes[tone]}</span> {text}
  </span>
)
