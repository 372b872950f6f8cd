import { SignerRefused } from "./errors.ts";

/** Loads a package that is installed only where its key service is used. @throws SignerRefused where it is not */
export async function loadOptional<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!missing) throw error;
    throw new SignerRefused(`This key needs the package ${name}, which is not installed: npm install ${name}`, {
      cause: error,
    });
  }
}
