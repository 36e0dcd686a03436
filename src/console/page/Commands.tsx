import type { InvocationPageJson } from "../api/invocations.ts"

/** Command lines that act on the subject, to copy. */
export const Commands = ({ of }: { readonly of: InvocationPageJson["commands"] }) => (
  <ul class="commands">
    {of.map(({ effect, line }) => (
      <li key={line}>
        <code>{line}</code>
        <span class="dim">{effect}</span>
      </li>
    ))}
  </ul>
)

/** What a cancellation of the invocation does, as its command says. */
export const cancelEffectOf = (commands: InvocationPageJson["commands"], invocation: string): string | undefined =>
  commands.find(({ line }) => line.includes(` cancel ${invocation}`))?.effect
