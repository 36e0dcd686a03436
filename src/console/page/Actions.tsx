import { useState } from "preact/hooks"
import type { ActionName, InvocationJson } from "../api/invocations.ts"
import { useAbout } from "./About.tsx"
import { act } from "./api.ts"
import { ConfirmDialog } from "./ui/ConfirmDialog.tsx"

interface ActionTexts {
  readonly button: string
  readonly isDestructive: boolean
  readonly effects: ReadonlyArray<string>
}

const texts: Readonly<Record<ActionName, ActionTexts>> = {
  resume: {
    button: "Resume",
    isDestructive: false,
    effects: ["It continues at the step that failed. Nothing is lost."]
  },
  retry: {
    button: "Retry now",
    isDestructive: false,
    effects: ["The step that failed is tried at once. Nothing is lost."]
  },
  cancel: {
    button: "Cancel",
    isDestructive: true,
    effects: [
      "It runs its compensations, which undo what it has done, and fails with 409. What it was asked for is not done."
    ]
  },
  kill: {
    button: "Kill",
    isDestructive: true,
    effects: [
      "It ends as failed at once, with the invocations that it called.",
      "No compensation runs: rows, instances, routes and certificates stay as they are now. Cancel it instead if it can still run."
    ]
  }
}

const isActed = ({ status }: Pick<InvocationJson, "status">): boolean => status !== "completed"

const actionsFor = ({ startedAt, status }: InvocationJson): ReadonlyArray<ActionName> => [
  ...(status === "paused" ? (["resume"] as const) : []),
  ...(status === "backing-off" ? (["retry"] as const) : []),
  // Before it starts, a cancellation removes it without a compensation.
  ...(startedAt === null ? [] : (["cancel"] as const)),
  "kill"
]

export interface ActionsProperties {
  readonly invocation: InvocationJson
  /** What a cancellation does to the subject of the page. */
  readonly cancelEffect?: string | undefined
  /** What is acted on, in the operator's words. */
  readonly subject: string
  readonly done: () => void
}

/** Buttons that act on an open invocation, each with a confirmation. None if the console only reads. */
export const Actions = ({ cancelEffect, done, invocation, subject }: ActionsProperties) => {
  const { actions } = useAbout()
  const [asked, setAsked] = useState<ActionName>()
  if (!actions || !isActed(invocation)) return null
  const { id } = invocation
  const chosen = asked === undefined ? undefined : texts[asked]
  return (
    <>
      {actionsFor(invocation).map((action) => (
        <button
          key={action}
          type="button"
          class={texts[action].isDestructive ? "danger" : "primary"}
          onClick={() => setAsked(action)}
        >
          {texts[action].button}
        </button>
      ))}
      {asked === undefined || chosen === undefined ? null : (
        <ConfirmDialog
          title={`${chosen.button}: ${subject}?`}
          confirmText={chosen.button}
          isDestructive={chosen.isDestructive}
          confirm={async () => {
            const refused = await act(id, asked)
            if (refused === undefined) done()
            return refused
          }}
          close={() => setAsked(undefined)}
        >
          <p>
            Invocation <code>{id}</code> of {invocation.service}/{invocation.handler}
            {invocation.key === null ? "" : `, key ${invocation.key.slice(0, 128)}`}.
          </p>
          {asked === "cancel" && cancelEffect !== undefined ? <p>This {cancelEffect}.</p> : null}
          {chosen.effects.map((effect) => (
            <p key={effect}>{effect}</p>
          ))}
        </ConfirmDialog>
      )}
    </>
  )
}
