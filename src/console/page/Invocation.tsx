import type { InvocationPageJson } from "../api/invocations.ts"
import { Actions } from "./Actions.tsx"
import { Commands } from "./Commands.tsx"
import { Block } from "./Facts.tsx"
import { InvocationFacts } from "./InvocationFacts.tsx"
import { shortService } from "./invocationColumns.tsx"
import { Journal } from "./Journal.tsx"
import { RestateUiLink, TraceLink } from "./links.tsx"
import { SubjectPage } from "./SubjectPage.tsx"
import { InvocationStatus } from "./statuses.tsx"

export const Invocation = ({ id }: { readonly id: string }) => (
  <SubjectPage<InvocationPageJson>
    kind="Invocation"
    id={id}
    url={`/api/invocations/${encodeURIComponent(id)}`}
    refresh={(data) => (data?.invocation.status === "completed" ? 0 : 3000)}
    subtitle={({ invocation }) => <InvocationStatus status={invocation.status} result={invocation.result} />}
    toolbar={({ invocation }, reload) => (
      <>
        <RestateUiLink invocation={invocation.id} />
        <TraceLink traceId={invocation.traceId} />
        <Actions
          invocation={invocation}
          subject={`${shortService(invocation.service)}/${invocation.handler}`}
          done={reload}
        />
      </>
    )}
  >
    {({ commands, invocation, journal }) => (
      <>
        <InvocationFacts invocation={invocation} />
        <Block title="Journal">
          <Journal journal={journal} />
        </Block>
        {commands.length === 0 ? null : (
          <Block title="Commands">
            <Commands of={commands} />
          </Block>
        )}
      </>
    )}
  </SubjectPage>
)
