import type { ComponentChildren } from "preact"
import { useEffect, useState } from "preact/hooks"
import type { AnswerJson } from "../api/Answer.ts"
import { ApiFailure, getAnswer } from "./api.ts"
import { MissingSources } from "./Missing.tsx"
import { Empty, Loaded } from "./ui/notices.tsx"
import { Page } from "./ui/Page.tsx"
import { useResource } from "./ui/resource.tsx"

export interface SubjectProperties<Data> {
  /** `Deployment`, `Domain` and so on. */
  readonly kind: string
  readonly id: string
  /** Of the API. */
  readonly url: string
  /** Milliseconds until it is read again; `data` is undefined at first. */
  readonly refresh: (data: Data | undefined) => number
  readonly subtitle: (data: Data) => ComponentChildren
  readonly toolbar?: (data: Data, reload: () => void) => ComponentChildren
  readonly children: (data: Data, reload: () => void) => ComponentChildren
}

const isUnknown = (error: unknown): error is ApiFailure => error instanceof ApiFailure && error.status === 404

/** The page of one subject: what is known of it, or that it is not known. */
export const SubjectPage = <Data,>(properties: SubjectProperties<Data>) => {
  const { children, id, kind, refresh, subtitle, toolbar, url } = properties
  const subject = useSubject<Data>(url, refresh)
  const { data, error, reload } = subject
  return (
    <Page
      title={`${kind} ${id.slice(0, 256)}`}
      subtitle={data === undefined ? null : subtitle(data.data)}
      toolbar={data === undefined || toolbar === undefined ? undefined : toolbar(data.data, reload)}
    >
      {isUnknown(error) ? (
        <Empty>
          {error.message}. {error.suggestions.length === 0 ? "" : `Did you mean ${error.suggestions.join(", ")}?`}
        </Empty>
      ) : (
        <Loaded of={subject}>
          {(answer) => (
            <>
              <MissingSources of={answer.missing} />
              {children(answer.data, reload)}
            </>
          )}
        </Loaded>
      )}
    </Page>
  )
}

const useSubject = <Data,>(url: string, refresh: (data: Data | undefined) => number) => {
  const [wait, setWait] = useState(() => refresh(undefined))
  const subject = useResource(url, (signal) => getAnswer<Data>(url, signal), wait)
  const { data }: { readonly data: AnswerJson<Data> | undefined } = subject
  useEffect(() => setWait(refresh(data?.data)), [data])
  return subject
}
