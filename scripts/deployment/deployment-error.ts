/** What the deployer has to know and do; its message is all that is shown. */
export class DeploymentError extends Error {
  override readonly name = "DeploymentError";
}
