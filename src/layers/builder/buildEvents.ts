import type { BuildEvent } from "../../services/builds/BuildTelemetry.ts"
import type { StatusResponse, Timestamp, Vertex, VertexLog } from "./buildkit/descriptors.ts"
import { makeOutputDecoder } from "./decodeOutput.ts"
import type { Redaction, StreamRedactor } from "./redaction.ts"

/** Events of one build from BuildKit's status messages, redacted. */
export interface BuildEvents {
  /** Current states of steps, already redacted. */
  readonly vertexes: (status: StatusResponse) => ReadonlyArray<Vertex>
  readonly eventsOf: (logs: ReadonlyArray<VertexLog>, vertexes: ReadonlyArray<Vertex>) => ReadonlyArray<BuildEvent>
  /** Output held back as the possible start of a secret. Call at the end of the build. */
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

/** One instance per build, because output chunks end at arbitrary positions. */
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
