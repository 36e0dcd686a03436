import type { BuildPageJson } from "../api/builds.ts"
import { BuildLog } from "./BuildLog.tsx"
import { placeOf } from "./Deployments.tsx"
import { DeployWait } from "./DeployWait.tsx"
import { Block, Facts } from "./Facts.tsx"
import { BuildLink, DeploymentLink } from "./links.tsx"
import { SubjectPage } from "./SubjectPage.tsx"
import { StatusOf } from "./statuses.tsx"
import { Text } from "./Text.tsx"
import { Moment } from "./ui/Moment.tsx"

const isRunning = (page: BuildPageJson | undefined): boolean => page?.build?.state === "running"

const BuildFacts = ({ attempt, build, deploy, otherBuilds }: BuildPageJson) => (
  <Facts
    of={[
      ["Deployment", deploy === null ? null : <DeploymentLink key="deployment" id={deploy.id} />],
      [
        "Project",
        deploy?.deployment == null ? null : <Text key="project" of={placeOf(deploy.deployment)} limit={200} />
      ],
      ["Attempt", attempt],
      ["Progress", build === null ? null : <Text key="progress" of={build.detail} limit={200} />],
      ["Reason", build?.failure == null ? null : <Text key="reason" of={build.failure.message} limit={600} />],
      ["Image", build?.image == null ? null : <Text key="image" of={build.image} limit={256} />],
      ["Digest", build?.digest == null ? null : <code key="digest">{build.digest.slice(0, 100)}</code>],
      [
        "Builder's id",
        build?.externalBuildId == null ? null : <Text key="external" of={build.externalBuildId} limit={128} />
      ],
      [
        build?.state === "running" ? "Leased until" : "Ended",
        build === null ? null : <Moment key="lease" at={build.leaseUntil} />
      ],
      [
        "Other builds",
        otherBuilds.length === 0
          ? null
          : otherBuilds.map(({ id, state }) => (
              <div key={id}>
                <BuildLink id={id} /> <StatusOf status={state} />
              </div>
            ))
      ]
    ]}
  />
)

/** One build, with the log of all builds of its deployment. */
export const Build = ({ id }: { readonly id: string }) => (
  <SubjectPage<BuildPageJson>
    kind="Build"
    id={id}
    url={`/api/builds/${encodeURIComponent(id)}`}
    refresh={(page) => (isRunning(page) ? 3000 : 30_000)}
    subtitle={({ build }) => <StatusOf status={build?.state ?? "not in the ledger"} />}
  >
    {(page) => (
      <>
        {page.deploy === null ? null : <DeployWait {...page.deploy} />}
        <BuildFacts {...page} />
        {page.deploy === null ? null : (
          <Block title="Build log">
            <BuildLog deployment={page.deploy.id} isRunning={isRunning(page)} />
          </Block>
        )}
      </>
    )}
  </SubjectPage>
)
