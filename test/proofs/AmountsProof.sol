// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Amounts} from "../../contracts/escrow/Amounts.sol";

/// @notice What a job's parties pay and get, for every reward that a job can have and more: all of `uint96`.
contract AmountsProof {
    /// The fee is 250 basis points of the reward, rounded down.
    function feeIs250BasisPointsRoundedDown(uint96 reward) external pure {
        uint256 fee = Amounts.feeOf(reward);
        assert(fee * 10_000 <= uint256(reward) * 250 && uint256(reward) * 250 < (fee + 1) * 10_000);
    }

    /// The fee is no more than the reward.
    function feeIsNotAboveReward(uint96 reward) external pure {
        assert(Amounts.feeOf(reward) <= reward);
    }

    /// A fee is never lower for more.
    function feeRisesWithReward(uint96 reward, uint96 more) external pure {
        require(reward <= more);
        assert(Amounts.feeOf(reward) <= Amounts.feeOf(more));
    }

    /// The worker earns no more than the reward.
    function earnedIsNotAboveReward(uint96 reward, uint256 shareBps) external pure {
        require(shareBps <= Amounts.BPS);
        assert(Amounts.earnedOf(reward, shareBps) <= reward);
    }

    /// A worker who wins has the whole reward, nothing goes back, and the fee is that which was funded.
    function releaseHandsOutWhatWasFunded(uint96 reward) external pure {
        uint256 earned = Amounts.earnedOf(reward, Amounts.BPS);
        uint256 fee = Amounts.feeOf(earned);
        uint256 total = reward + Amounts.feeOf(reward);
        assert(earned == reward && fee == Amounts.feeOf(reward) && Amounts.restOf(total, earned, fee) == 0);
    }

    /// A worker who loses has nothing, nor has the treasury: all goes back.
    function refundReturnsWhatWasFunded(uint96 reward) external pure {
        uint256 earned = Amounts.earnedOf(reward, 0);
        uint256 fee = Amounts.feeOf(earned);
        uint256 total = reward + Amounts.feeOf(reward);
        assert(earned == 0 && fee == 0 && Amounts.restOf(total, earned, fee) == total);
    }

    /// A split hands out what was funded, to the base unit, and no subtraction in it runs under.
    function splitHandsOutWhatWasFunded(uint96 reward, uint256 shareBps) external pure {
        require(shareBps <= Amounts.BPS);
        uint256 total = reward + Amounts.feeOf(reward);
        uint256 earned = Amounts.earnedOf(reward, shareBps);
        uint256 fee = Amounts.feeOf(earned);
        assert(earned + fee <= total);
        assert(earned + fee + Amounts.restOf(total, earned, fee) == total);
    }
}
