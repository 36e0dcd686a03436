import * as restate from "@restatedev/restate-sdk"

const numbers = [0, 1, 2, 3, 4]
const many = Array.from({ length: 1_000 }, (_, index) => index)
const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)

/** The handlers as one would write them with Restate's SDK alone: the baseline. */
export const bare = (name: string) =>
  restate.object({
    name,
    handlers: {
      add: async (context: restate.ObjectContext, { by }: { readonly by: number }): Promise<number> => {
        const total = ((await context.get<number>("total")) ?? 0) + by
        context.set("total", total)
        return total
      },
      sequential: async (context: restate.ObjectContext): Promise<number> => {
        let total = 0
        for (const number of numbers) total += await context.run(`step-${number}`, async () => number)
        return total
      },
      parallel: async (context: restate.ObjectContext): Promise<number> =>
        sum(
          await restate.RestatePromise.all(numbers.map((number) => context.run(`step-${number}`, async () => number)))
        ),
      wide: async (context: restate.ObjectContext): Promise<number> =>
        sum(await restate.RestatePromise.all(many.map((number) => context.run(`step-${number}`, async () => number))))
    }
  })
