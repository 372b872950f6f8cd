import { type Check, fail, itemsOf, pass } from "../check.ts";
import { safetyOf } from "../file-safety.ts";

/** Can each file be opened, without unpacking to more than any document does? */
export const fileSafety: Check<"file_safety"> = {
  name: "file_safety",
  async run({ bundle }, _, sources, signal) {
    const files = itemsOf(bundle, "file");
    for (const file of files) {
      const stored = await sources.openFile(file.sha256);
      if (stored === undefined) return fail(`The file "${file.name}" was never uploaded.`);
      const safety = await safetyOf(stored.content, signal);
      if (!safety.safe) return fail(`The file "${file.name}" is refused: ${safety.detail}.`);
    }
    return pass(files.length === 0 ? "There is no file to open." : `Each file (${files.length}) can be opened safely.`);
  },
};
