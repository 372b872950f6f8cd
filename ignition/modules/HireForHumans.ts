import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * Reputation and Escrow. Neither has an owner, so nothing is left to configure afterwards.
 * Parameters: `usdc` and `treasury`, addresses that the escrow keeps for ever.
 */
export default buildModule("HireForHumans", (module) => {
  const usdc = module.getParameter<string>("usdc");
  const treasury = module.getParameter<string>("treasury");

  const reputation = module.contract("Reputation");
  const escrow = module.contract("Escrow", [usdc, reputation, treasury]);

  return { reputation, escrow };
});
