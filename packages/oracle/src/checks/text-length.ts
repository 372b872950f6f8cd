import { type Check, fail, itemsOf, pass } from "../check.ts";

/** Do the text pieces together have the characters that the job asks for? */
export const textLength: Check<"text_length"> = {
  name: "text_length",
  run({ bundle }, { min }) {
    const length = itemsOf(bundle, "text").reduce((sum, item) => sum + Array.from(item.text.trim()).length, 0);
    return Promise.resolve(
      length < min
        ? fail(`The text evidence has ${length} characters; the job asks for at least ${min}.`)
        : pass(`The text evidence has ${length} characters, at least ${min} as the job asks.`),
    );
  },
};
