import { Context, Effect } from "effect"
import type { ConsoleServices } from "../../src/console/server/ConsoleServices.ts"
import { BuildLog } from "../../src/operations/build/BuildLog.ts"
import { BuildRecords } from "../../src/operations/build/BuildRecords.ts"
import { BuildSlots } from "../../src/operations/build/BuildSlots.ts"
import { DeploymentRecords } from "../../src/operations/deploy/DeploymentRecords.ts"
import { DomainRecords } from "../../src/operations/domain/DomainRecords.ts"
import { InvocationActions } from "../../src/operations/InvocationActions.ts"
import { InvocationDetails } from "../../src/operations/InvocationDetails.ts"
import { InvocationJournal } from "../../src/operations/InvocationJournal.ts"
import { BuildList } from "../../src/operations/lists/BuildList.ts"
import { BuildLogPages } from "../../src/operations/lists/BuildLogPages.ts"
import { CertificateList } from "../../src/operations/lists/CertificateList.ts"
import { DeploymentList } from "../../src/operations/lists/DeploymentList.ts"
import { DomainList } from "../../src/operations/lists/DomainList.ts"
import { InvocationList } from "../../src/operations/lists/InvocationList.ts"
import { RestateAdminError } from "../../src/operations/RestateAdmin.ts"
import { type Source, SourceUnavailable } from "../../src/operations/SourceUnavailable.ts"

const down = (source: Source) => () => new SourceUnavailable({ source, reason: "no answer" })
const [database, restate, clickhouse] = [down("database"), down("restate"), down("clickhouse")]
const refused = () => new RestateAdminError({ operation: "resume", reason: "unreachable", detail: "no answer" })

/** No source answers. */
export const noSources: Context.Context<ConsoleServices> = Context.empty().pipe(
  Context.add(BuildList, { page: database }),
  Context.add(BuildRecords, { find: database }),
  Context.add(CertificateList, { page: database }),
  Context.add(DeploymentList, { page: database, routesOf: database }),
  Context.add(DeploymentRecords, { find: database }),
  Context.add(DomainList, { page: database }),
  Context.add(DomainRecords, { find: database }),
  Context.add(BuildSlots, { queueOf: restate }),
  Context.add(InvocationActions, { cancel: refused, kill: refused, resume: refused }),
  Context.add(InvocationDetails, { of: restate, ofKeys: restate, withInput: restate }),
  Context.add(InvocationJournal, { of: restate }),
  Context.add(InvocationList, { page: restate, services: Effect.suspend(restate) }),
  Context.add(BuildLog, { tail: clickhouse }),
  Context.add(BuildLogPages, { steps: clickhouse, output: clickhouse })
)
