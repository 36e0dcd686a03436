import type { DeploymentPageJson } from "../api/deployments.ts"
import { Actions } from "./Actions.tsx"
import { BuildLog } from "./BuildLog.tsx"
import { Commands, cancelEffectOf } from "./Commands.tsx"
import { deploymentColumns, placeOf } from "./Deployments.tsx"
import { DeployWait } from "./DeployWait.tsx"
import { Block, Facts } from "./Facts.tsx"
import { InvocationFacts } from "./InvocationFacts.tsx"
import { Journal } from "./Journal.tsx"
import { BuildLink, InvocationLink, RestateUiLink, TraceLink } from "./links.tsx"
import { Phases } from "./Phases.tsx"
import { SubjectPage } from "./SubjectPage.tsx"
import { StatusOf } from "./statuses.tsx"
import { Text } from "./Text.tsx"
import { Moment } from "./ui/Moment.tsx"
import { Table } from "./ui/Table.tsx"

const isFinal = (page: DeploymentPageJson | undefined): boolean =>
  page?.deployment?.status === "ready" || page?.deployment?.status === "failed"

const Commit = ({ of }: { readonly of: NonNullable<DeploymentPageJson["deployment"]> }) => {
  const { gitBranch, gitCommitAuthorHandle, gitCommitMessage, gitCommitSha } = of
  return (
    <>
      {gitCommitSha === null ? null : <code>{gitCommitSha.slice(0, 40)}</code>}
      {gitBranch === null ? null : <> on {<Text of={gitBranch} limit={128} />}</>}
      {gitCommitAuthorHandle === null ? null : <> by {<Text of={gitCommitAuthorHandle} limit={64} />}</>}
      {gitCommitMessage === null ? null : (
        <>
          {": "}
          <Text of={gitCommitMessage.split("\n")[0] ?? ""} limit={200} />
        </>
      )}
    </>
  )
}

const DeploymentFacts = ({ deployment, otherInvocations }: DeploymentPageJson) =>
  deployment === null ? (
    <p class="dim">Its row cannot be read now.</p>
  ) : (
    <Facts
      of={[
        ["Project", <Text key="project" of={placeOf(deployment)} limit={200} />],
        ["Ids", <code key="ids">{`${deployment.projectId} ${deployment.environmentId}`}</code>],
        ["Image", deployment.image === null ? null : <Text key="image" of={deployment.image} limit={256} />],
        ["Commit", deployment.gitCommitSha === null ? null : <Commit key="commit" of={deployment} />],
        ["Build", deployment.buildId === null ? null : <BuildLink key="build" id={deployment.buildId} />],
        ["Desired state", <Text key="desired" of={deployment.desiredState} limit={40} />],
        ["Created", <Moment key="created" at={deployment.createdAt} />],
        ["Updated", <Moment key="updated" at={deployment.updatedAt} />],
        [
          "Also invoked by",
          otherInvocations.length === 0
            ? null
            : otherInvocations.map((id) => (
                <div key={id}>
                  <InvocationLink id={id} />
                </div>
              ))
        ]
      ]}
    />
  )

const Regions = ({ regions }: DeploymentPageJson) =>
  regions.length === 0 ? null : (
    <Block title="Instances">
      <ul class="plain">
        {regions.map(({ desiredReplicas, failed, region, running }) => (
          <li key={region}>
            <Text of={region} limit={64} />: {running} of {desiredReplicas} running
            {failed === 0 ? "" : `, ${failed} failed`}
          </li>
        ))}
      </ul>
    </Block>
  )

const Routes = ({ routes }: DeploymentPageJson) =>
  routes === null ? null : (
    <Block title="Routes">
      {routes.length === 0 ? (
        <p class="dim">No host name leads to it.</p>
      ) : (
        <ul class="plain">
          {routes.map(({ host, sticky }) => (
            <li key={host}>
              <Text of={host} limit={256} /> {sticky === "none" ? null : <span class="tag">{sticky}</span>}
            </li>
          ))}
        </ul>
      )}
    </Block>
  )

const History = ({ history, id }: DeploymentPageJson) =>
  history === null ? null : (
    <Block title="Newest deployments of the project">
      <Table
        caption="Newest deployments of the project"
        columns={deploymentColumns.map(({ sortBy: _, ...column }) => column)}
        rows={history}
        keyOf={(row) => row.id}
        classOf={(row) => (row.id === id ? "current" : "")}
      />
    </Block>
  )

/** Whether anything says that it builds from a repository. */
const isBuilt = ({ deployment, slot }: DeploymentPageJson): boolean =>
  deployment?.buildId != null || deployment?.gitCommitSha != null || slot !== null

const Body = (page: DeploymentPageJson) => (
  <>
    <DeployWait {...page} />
    <div class="columns">
      <Block title="Deployment">
        <DeploymentFacts {...page} />
      </Block>
      <Block title="Phases">
        <Phases {...page} />
      </Block>
      <Block title="Invocation">
        {page.invocation === null ? (
          <p class="dim">Restate keeps no invocation of it.</p>
        ) : (
          <InvocationFacts invocation={page.invocation} />
        )}
      </Block>
      {page.invocation === null ? null : (
        <Block title="What it has done">
          <Journal journal={page.journal} />
        </Block>
      )}
      <Regions {...page} />
      <Routes {...page} />
    </div>
    {isBuilt(page) ? (
      <Block title="Build log">
        <BuildLog deployment={page.id} isRunning={!isFinal(page)} />
      </Block>
    ) : null}
    <History {...page} />
    {page.commands.length === 0 ? null : (
      <Block title="Commands">
        <Commands of={page.commands} />
      </Block>
    )}
  </>
)

/** What one deployment is doing, has done, and what can be done about it. */
export const Deployment = ({ id }: { readonly id: string }) => (
  <SubjectPage<DeploymentPageJson>
    kind="Deployment"
    id={id}
    url={`/api/deployments/${encodeURIComponent(id)}`}
    refresh={(page) => (isFinal(page) ? 30_000 : 2000)}
    subtitle={({ deployment }) =>
      deployment === null ? null : (
        <>
          <StatusOf status={deployment.status} />
          {deployment.isLive ? <span class="tag">live</span> : null}
        </>
      )
    }
    toolbar={({ commands, invocation }, reload) =>
      invocation === null ? null : (
        <>
          <RestateUiLink invocation={invocation.id} />
          <TraceLink traceId={invocation.traceId} />
          <Actions
            invocation={invocation}
            subject={`deploy of ${id}`}
            cancelEffect={cancelEffectOf(commands, invocation.id)}
            done={reload}
          />
        </>
      )
    }
  >
    {(page) => <Body {...page} />}
  </SubjectPage>
)
