import type { BuildLog } from "../../operations/build/BuildLog.ts"
import type { BuildRecords } from "../../operations/build/BuildRecords.ts"
import type { BuildSlots } from "../../operations/build/BuildSlots.ts"
import type { DeploymentRecords } from "../../operations/deploy/DeploymentRecords.ts"
import type { DomainRecords } from "../../operations/domain/DomainRecords.ts"
import type { InvocationActions } from "../../operations/InvocationActions.ts"
import type { InvocationDetails } from "../../operations/InvocationDetails.ts"
import type { InvocationJournal } from "../../operations/InvocationJournal.ts"
import type { BuildList } from "../../operations/lists/BuildList.ts"
import type { BuildLogPages } from "../../operations/lists/BuildLogPages.ts"
import type { CertificateList } from "../../operations/lists/CertificateList.ts"
import type { DeploymentList } from "../../operations/lists/DeploymentList.ts"
import type { DomainList } from "../../operations/lists/DomainList.ts"
import type { InvocationList } from "../../operations/lists/InvocationList.ts"

/** What the console reads from MySQL. */
export type DatabaseSources =
  | BuildList
  | BuildRecords
  | CertificateList
  | DeploymentList
  | DeploymentRecords
  | DomainList
  | DomainRecords

/** What the console reads from Restate and does there. */
export type RestateSources = BuildSlots | InvocationActions | InvocationDetails | InvocationJournal | InvocationList

/** Everything that the console reads from. A source that does not answer fails each read. */
export type ConsoleServices = BuildLog | BuildLogPages | DatabaseSources | RestateSources
