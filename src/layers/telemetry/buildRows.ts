import type { BuildEvent, BuildIdentity, StepProgress } from "../../services/builds/BuildTelemetry.ts"
import { shortened } from "../../text/codePoints.ts"

/** A row of `build_steps_v1`. */
export interface StepRow {
  readonly step_id: string
  readonly started_at: number
  readonly completed_at: number
  readonly workspace_id: string
  readonly project_id: string
  readonly deployment_id: string
  readonly name: string
  readonly cached: boolean
  readonly error: string
  readonly has_logs: boolean
}

/** A row of `build_step_logs_v1`. */
export interface LogRow {
  readonly time: number
  readonly workspace_id: string
  readonly project_id: string
  readonly deployment_id: string
  readonly message: string
  readonly step_id: string
}

export interface BuildRows {
  readonly steps: ReadonlyArray<StepRow>
  readonly logs: ReadonlyArray<LogRow>
}

type Completed = StepProgress & { readonly completedAt: number }

const isCompleted = (step: StepProgress): step is Completed => step.completedAt !== null

/** More steps than any Dockerfile has; further steps are written once they complete, with what is known then. */
const maxHeldSteps = 5_000
// In code points. A step's row is shown whole; an output chunk has its own row and may be longer.
const maxName = 2_000
const maxError = 4_000
const maxOutput = 64_000

/**
 * Converts the events of one build to rows. A step becomes one row, once: when it is complete and has output, or at the build's
 * end, because only then it is certain that it has none. Output becomes rows at once.
 */
export class BuildRowMaker {
  private readonly written = new Set<string>()
  private readonly withOutput = new Set<string>()
  private readonly held = new Map<string, Completed>()
  private readonly ids: Pick<StepRow, "workspace_id" | "project_id" | "deployment_id">

  constructor(build: BuildIdentity) {
    this.ids = { workspace_id: build.workspaceId, project_id: build.projectId, deployment_id: build.deploymentId }
  }

  add(events: ReadonlyArray<BuildEvent>): BuildRows {
    const logs: Array<LogRow> = []
    const touched = new Set<string>()
    for (const event of events) {
      touched.add(event.stepId)
      if (event._tag === "Output") {
        this.withOutput.add(event.stepId)
        logs.push({ ...this.ids, time: event.at, message: shortened(event.text, maxOutput), step_id: event.stepId })
      } else if (isCompleted(event) && !this.written.has(event.stepId)) {
        this.held.set(event.stepId, event)
      }
    }
    const ready = [...touched].filter((id) => this.withOutput.has(id) || this.held.size > maxHeldSteps)
    return { steps: this.release(ready), logs }
  }

  /** Call at the end of the build: completed steps are final. */
  end(): ReadonlyArray<StepRow> {
    return this.release([...this.held.keys()])
  }

  private release(stepIds: ReadonlyArray<string>): ReadonlyArray<StepRow> {
    return stepIds.flatMap((stepId) => {
      const step = this.held.get(stepId)
      if (step === undefined) return []
      this.held.delete(stepId)
      this.written.add(stepId)
      return [this.row(step)]
    })
  }

  private row({ cached, completedAt, error, name, startedAt, stepId }: Completed): StepRow {
    return {
      ...this.ids,
      step_id: stepId,
      // A row expires three months after its start time, so it needs one.
      started_at: startedAt ?? completedAt,
      completed_at: completedAt,
      name: shortened(name, maxName),
      cached,
      error: shortened(error, maxError),
      has_logs: this.withOutput.has(stepId)
    }
  }
}
