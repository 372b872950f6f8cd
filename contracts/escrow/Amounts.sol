// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a job's parties pay and get
/// @dev In USDC base units; every division rounds down. What holds of it: docs/proofs.md.
library Amounts {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant FEE_BPS = 250;

    /// @dev The fee on a reward, or on the part of it that is earned.
    function feeOf(uint256 reward) internal pure returns (uint256) {
        // The same as reward * FEE_BPS / BPS, since BPS is a multiple of it, and can't run over.
        return reward / (BPS / FEE_BPS);
    }

    /// @dev What the worker earns of the reward.
    function earnedOf(uint256 reward, uint256 workerShareBps) internal pure returns (uint256) {
        return (reward * workerShareBps) / BPS;
    }

    /// @dev What goes back to the client of what it funded, reward and fee: all but what the worker has earned and the fee on it.
    function restOf(uint256 total, uint256 earned, uint256 fee) internal pure returns (uint256) {
        return total - earned - fee;
    }
}
