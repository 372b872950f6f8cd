import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * One committee of verifiers, which has no owner and never changes.
 * Parameters: `threshold`, how many members have to sign, and `members`, their addresses in ascending order.
 */
export default buildModule("VerifierCommittee", (module) => {
  const threshold = module.getParameter<number>("threshold");
  const members = module.getParameter<string[]>("members");

  return { committee: module.contract("VerifierCommittee", [threshold, members]) };
});
