import { useState } from "preact/hooks"
import type { BuildLogJson } from "../api/deployments.ts"
import { getAnswer } from "./api.ts"
import { clean } from "./clean.ts"
import { MissingSources } from "./Missing.tsx"
import { Text } from "./Text.tsx"
import { formatMillis } from "./ui/format.ts"
import { Loaded } from "./ui/notices.tsx"
import { useResource } from "./ui/resource.tsx"

const refreshMillis = 5000
/** Of one output, as the API bounds it. */
const outputLimit = 2000

type Output = BuildLogJson["output"]["items"]

const Steps = ({ steps }: { readonly steps: BuildLogJson["steps"] }) =>
  steps.length === 0 ? null : (
    <ol class="phases">
      {steps.map((step) => (
        <li key={step.id}>
          <span class="dim">
            {step.isCached ? "cached" : formatMillis(Date.parse(step.completedAt) - Date.parse(step.startedAt))}
          </span>
          <code>
            <Text of={step.name} limit={300} />
          </code>
          {step.error === "" ? null : (
            <span class="reason">
              <Text of={step.error} limit={600} />
            </span>
          )}
        </li>
      ))}
    </ol>
  )

const textOf = (output: Output): string => output.map(({ text }) => clean(text, outputLimit)).join("")

interface Further {
  readonly output: Output
  readonly next: string | null
}

const Output = ({ first, url }: { readonly first: BuildLogJson["output"]; readonly url: string }) => {
  const [further, setFurther] = useState<Further>()
  const [problem, setProblem] = useState<string>()
  const next = further === undefined ? first.next : further.next
  const more = async (after: string) => {
    const { data, missing } = await getAnswer<BuildLogJson>(`${url}?${new URLSearchParams({ after })}`)
    setProblem(missing[0]?.reason)
    if (missing.length > 0) return
    setFurther({ output: [...(further?.output ?? []), ...data.output.items], next: data.output.next })
  }
  const all = [...first.items, ...(further?.output ?? [])]
  if (all.length === 0) return <p class="dim">No output is stored.</p>
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must take the focus to be scrolled by keys */}
      <section class="log" tabIndex={0} aria-label="Output of the build">
        <pre>{textOf(all)}</pre>
      </section>
      {problem === undefined ? null : <p class="notice bad">{problem}</p>}
      {next === null ? null : (
        <p class="pager">
          <button type="button" onClick={() => more(next).catch((error: unknown) => setProblem(String(error)))}>
            More output
          </button>
        </p>
      )}
    </>
  )
}

/** Steps and output of the builds of a deployment. It refreshes while one runs. */
export const BuildLog = (properties: { readonly deployment: string; readonly isRunning: boolean }) => {
  const url = `/api/deployments/${encodeURIComponent(properties.deployment)}/log`
  const log = useResource(
    url,
    (signal) => getAnswer<BuildLogJson>(url, signal),
    properties.isRunning ? refreshMillis : 0
  )
  return (
    <Loaded of={log}>
      {({ data, missing }) => (
        <>
          <MissingSources of={missing} />
          <Steps steps={data.steps} />
          {missing.length > 0 ? null : <Output first={data.output} url={url} />}
        </>
      )}
    </Loaded>
  )
}
