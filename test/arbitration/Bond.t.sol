// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaseAmounts} from "../../contracts/arbitration/CaseAmounts.sol";

/// @notice The bond of a reward, whose rounding by bits the solver of docs/proofs.md can't read.
contract BondTest {
    function testFuzz_bondIsAFifthInWholeQuarters(uint96 reward) public pure {
        _requireFifth(reward);
        // Most rewards drawn are far above the least bond's.
        _requireFifth(reward % (10 * CaseAmounts.MIN_BOND));
    }

    /// So no seat risks more than it has.
    function testFuzz_bondIsWithinTheLeastStake(uint96 reward, uint32 minStake) public pure {
        uint256 stake = CaseAmounts.MIN_BOND + minStake;
        uint256 most = CaseAmounts.maxRewardOf(stake);
        require(CaseAmounts.bondOf(reward % (most + 1)) <= stake, "a seat would risk more than the least stake");
        require(CaseAmounts.bondOf(most) <= stake, "the largest reward asks more than the least stake");
    }

    function _requireFifth(uint256 reward) private pure {
        uint256 bond = CaseAmounts.bondOf(reward);
        uint256 fifth = reward / 5 < CaseAmounts.MIN_BOND ? CaseAmounts.MIN_BOND : reward / 5;
        require(CaseAmounts.quarterOf(bond) * 4 == bond, "a bond is not four quarters");
        require(bond <= fifth && fifth < bond + 4, "a bond is not a fifth, rounded down to quarters");
        require(bond >= CaseAmounts.MIN_BOND, "a bond is below the least");
    }
}
