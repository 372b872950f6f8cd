import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * Reputation, Escrow and ArbitrationPool. None has an owner, so nothing is left to configure afterwards.
 * Parameters: `usdc` and `treasury`, addresses that the escrow keeps for ever; the pool's `minStake` (USDC base units),
 * `windows` (seconds) and `randomness`, see `IArbitrationPool.sol`.
 */
export default buildModule("HireForHumans", (module) => {
  const usdc = module.getParameter<string>("usdc");
  const treasury = module.getParameter<string>("treasury");
  const minStake = module.getParameter<bigint>("minStake");
  const windows = module.getParameter<Record<string, number>>("windows");
  const randomness = module.getParameter<Record<string, string | number>>("randomness");

  const reputation = module.contract("Reputation");
  const escrow = module.contract("Escrow", [usdc, reputation, treasury]);
  const arbitrationPool = module.contract("ArbitrationPool", [escrow, minStake, windows, randomness]);

  return { reputation, escrow, arbitrationPool };
});
