import type { BuildEvent } from "../../services/BuildTelemetry.ts"
import type { StatusResponse, Timestamp, Vertex, VertexLog } from "./buildkit/descriptors.ts"
import { makeOutputDecoder } from "./decodeOutput.ts"
import type { Redaction, StreamRedactor } from "./redaction.ts"

/** What a daemon's messages say of one build, without its secrets. */
export interface BuildEvents {
  /** Steps as they are now; nothing of them has to be redacted any more. */
  readonly vertexes: (status: StatusResponse) => ReadonlyArray<Vertex>
  readonly eventsOf: (logs: ReadonlyArray<VertexLog>, vertexes: ReadonlyArray<Vertex>) => ReadonlyArray<BuildEvent>
  /** What was kept back of outputs because it could have been the beginning of a secret. For the end of the build. */
  readonly rest: () => ReadonlyArray<BuildEvent>
}

interface Source {
  readonly redactor: StreamRedactor
  readonly stepId: string
  at: number
}

const millisOf = (time: Timestamp | null): number | null =>
  time === null ? null : time.seconds * 1000 + Math.floor(time.nanos / 1e6)

const stepOf = ({ cached, completed, digest, error, name, started }: Vertex): BuildEvent => ({
  _tag: "Step",
  stepId: digest,
  name,
  cached,
  startedAt: millisOf(started),
  completedAt: millisOf(completed),
  error
})

const outputOf = (stepId: string, at: number, text: string): ReadonlyArray<BuildEvent> =>
  text === "" ? [] : [{ _tag: "Output", stepId, at, text }]

/** One of these per build: outputs come in chunks that are cut anywhere. */
export const makeBuildEvents = (redact: Redaction): BuildEvents => {
  const decode = makeOutputDecoder()
  const sources = new Map<string, Source>()
  const sourceOf = ({ stream, vertex }: VertexLog): Source => {
    const name = `${stream} ${vertex}`
    const source = sources.get(name) ?? { redactor: redact.stream(), stepId: vertex, at: 0 }
    sources.set(name, source)
    return source
  }
  const output = (log: VertexLog): ReadonlyArray<BuildEvent> => {
    const source = sourceOf(log)
    source.at = millisOf(log.timestamp) ?? 0
    return outputOf(source.stepId, source.at, source.redactor.push(decode(log)))
  }
  return {
    vertexes: ({ vertexes }) =>
      vertexes.map((vertex) => ({ ...vertex, name: redact.text(vertex.name), error: redact.text(vertex.error) })),
    eventsOf: (logs, vertexes) => [...logs.flatMap(output), ...vertexes.map(stepOf)],
    rest: () => [...sources.values()].flatMap(({ at, redactor, stepId }) => outputOf(stepId, at, redactor.end()))
  }
}
