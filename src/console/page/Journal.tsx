import type { JournalJson } from "../api/invocations.ts"
import { shortService } from "./invocationColumns.tsx"
import { InvocationLink } from "./links.tsx"
import { Text } from "./Text.tsx"
import { formatMillis } from "./ui/format.ts"
import { Moment } from "./ui/Moment.tsx"

type Entry = JournalJson["entries"][number]

const repeatText = ({ count, firstAt, lastAt }: Entry): string => {
  if (count < 2) return ""
  const each =
    firstAt === null || lastAt === null ? Number.NaN : (Date.parse(lastAt) - Date.parse(firstAt)) / (count - 1)
  return Number.isNaN(each) ? ` × ${count}` : ` × ${count}, every ${formatMillis(each)}`
}

/** Commands of Restate's protocol that are neither steps, timers nor calls. */
const others: Readonly<Record<string, string>> = {
  OneWayCall: "sends an invocation",
  SetState: "writes state",
  ClearState: "clears state",
  CompleteAwakeable: "completes an awakeable",
  SendSignal: "sends a signal"
}

const What = ({ entry }: { readonly entry: Entry }) => {
  switch (entry.kind) {
    case "timer":
      return (
        <>
          sleeps until <Moment at={entry.until} />
        </>
      )
    case "call":
      return (
        <>
          calls{" "}
          {entry.invocation === null ? (
            <Text of={entry.name} limit={200} />
          ) : (
            <InvocationLink id={entry.invocation} text={shortService(entry.name)} />
          )}
        </>
      )
    default:
      return (
        <>
          <Text of={(entry.kind === "other" ? others[entry.name] : undefined) ?? entry.name} limit={200} />
          {repeatText(entry)}
        </>
      )
  }
}

/** What an invocation has done, in order; repeated polls are one line. */
export const Journal = ({ journal }: { readonly journal: JournalJson | null }) => {
  if (journal === null) return <p class="dim">Restate keeps no journal of it.</p>
  if (journal.entries.length === 0) return <p class="dim">It has not done anything yet.</p>
  return (
    <>
      {journal.isCut ? <p class="dim">Earlier entries are not shown.</p> : null}
      <ol class="journal">
        {journal.entries.map((entry) => (
          <li key={`${entry.firstAt} ${entry.kind} ${entry.name}`}>
            <span class="dim when">
              <Moment at={entry.firstAt} />
            </span>
            <span>
              <What entry={entry} />
            </span>
            {entry.isCompleted ? null : <span class="status busy">in progress</span>}
          </li>
        ))}
      </ol>
    </>
  )
}
