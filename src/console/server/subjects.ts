import { HttpRouter } from "@effect/platform"
import { Effect, Either, Option, Schema, Struct } from "effect"
import { type DeployFacts, deployFacts } from "../../operations/deploy/DeployFacts.ts"
import { DeploymentRecords } from "../../operations/deploy/DeploymentRecords.ts"
import { domainFacts } from "../../operations/domain/DomainFacts.ts"
import { InvocationJournal } from "../../operations/InvocationJournal.ts"
import { BuildLogPages } from "../../operations/lists/BuildLogPages.ts"
import { DeploymentList } from "../../operations/lists/DeploymentList.ts"
import { attempted, missingOf, oncePerSource, type SourceUnavailable } from "../../operations/SourceUnavailable.ts"
import { BuildLogAnswer, DeploymentAnswer } from "../api/deployments.ts"
import { DomainAnswer } from "../api/domains.ts"
import { ApiProblem } from "./ApiProblem.ts"
import { answering } from "./answers.ts"
import { asProblem } from "./asProblem.ts"
import { pageParameters, pathParameter, queryOf } from "./parameters.ts"

const deploymentAnswer = answering(DeploymentAnswer)
const domainAnswer = answering(DomainAnswer)
const logAnswer = answering(BuildLogAnswer)

/** Deployments of the same project that a page shows. */
const historyLength = 10

const orNull = <A>(answer: Either.Either<A, SourceUnavailable>): A | null => Either.getOrElse(answer, () => null)

/** What only the page of a deployment shows. */
const around = ({ deployment, id, invocation }: DeployFacts) =>
  Effect.gen(function* () {
    const list = yield* DeploymentList
    const journals = yield* InvocationJournal
    return yield* Effect.all(
      {
        journal:
          invocation === null ? Effect.succeed(Either.right(null)) : attempted("restate", journals.of(invocation.id)),
        routes: attempted("database", list.routesOf(id)),
        history:
          deployment === null
            ? Effect.succeed(Either.right(null))
            : attempted(
                "database",
                list.page({ project: deployment.projectId }, { after: undefined, limit: historyLength })
              )
      },
      { concurrency: "unbounded" }
    )
  })

const deployment = Effect.gen(function* () {
  const id = yield* pathParameter("id")
  const facts = yield* Effect.mapError(deployFacts(id), asProblem)
  const { history, journal, routes } = yield* around(facts)
  return deploymentAnswer(
    {
      ...Struct.omit(facts, "missing"),
      journal: orNull(journal),
      routes: orNull(routes),
      history: orNull(history)?.items ?? null
    },
    oncePerSource([...facts.missing, ...missingOf([journal, routes, history])])
  )
})

/** `GET /api/domains/:name` and `GET /api/certificates/:name`: two views of the same facts. */
const domain = Effect.gen(function* () {
  const name = yield* pathParameter("name")
  const { missing, ...facts } = yield* Effect.mapError(domainFacts(name), asProblem)
  return domainAnswer(facts, missing)
})

const LogQuery = Schema.Struct(pageParameters)
const noLog = { steps: [], output: { items: [], next: null } }

const log = Effect.gen(function* () {
  const id = yield* pathParameter("id")
  const { after, limit } = yield* queryOf(LogQuery)
  const records = yield* DeploymentRecords
  const pages = yield* BuildLogPages
  // ClickHouse finds a log by the ids of the deployment's row.
  const found = yield* attempted("database", records.find(id))
  if (Either.isLeft(found)) return logAnswer(noLog, missingOf([found]))
  if (Option.isNone(found.right)) return yield* new ApiProblem({ status: 404, error: `there is no deployment ${id}` })
  const { projectId, workspaceId } = found.right.value.deployment
  const owner = { workspaceId, projectId, deploymentId: id }
  const steps = after === undefined ? yield* attempted("clickhouse", pages.steps(owner)) : Either.right([])
  const output = yield* attempted("clickhouse", pages.output(owner, { after, limit }))
  return logAnswer(
    { steps: Either.getOrElse(steps, () => noLog.steps), output: Either.getOrElse(output, () => noLog.output) },
    missingOf([steps, output])
  )
})

/** The facts of the commands `deploy`, `domain` and `certificate`, each as one page. */
export const subjectRoutes = HttpRouter.empty.pipe(
  HttpRouter.get("/api/deployments/:id", deployment),
  HttpRouter.get("/api/deployments/:id/log", log),
  HttpRouter.get("/api/domains/:name", domain),
  HttpRouter.get("/api/certificates/:name", domain)
)
