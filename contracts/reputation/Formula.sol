// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The formula of the score
/// @dev score = (2 + S) / (4 + S + F), see `IReputation`. What holds of it: docs/proofs.md.
library Formula {
    /// 10 USDC: the reward from which on a job has the full weight, so that one large job can't buy a score.
    uint256 internal constant FULL_WEIGHT = 10_000_000;

    uint256 private constant BPS = 10_000;
    uint256 private constant WAD = 1e18;

    /// @dev What a job adds to S, to F and to the two counts of jobs. A failure that an arbiter ruled counts double; a
    /// job of which the worker earned half or more is a success.
    function partsOf(
        uint256 reward,
        uint256 workerShareBps,
        bool ruled
    ) internal pure returns (uint256 success, uint256 failure, uint256 won, uint256 lost) {
        uint256 weight = Math.min(reward, FULL_WEIGHT);
        uint256 share = Math.min(workerShareBps, BPS);
        // The weight is small, and the share no more than the whole.
        unchecked {
            success = (weight * share) / BPS;
            failure = (weight - success) << (ruled ? 1 : 0);
            won = share * 2 >= BPS ? 1 : 0;
            lost = 1 - won;
        }
    }

    /// @dev A sum that stays at the top of its member, because a full counter must not stop a payment.
    function addUpTo(uint256 max, uint256 held, uint256 added) internal pure returns (uint256) {
        // No sum of a member and what a job adds can run over 256 bits.
        unchecked {
            return Math.min(held + added, max);
        }
    }

    /// @dev Times 1e18.
    function scoreOf(uint256 successValue, uint256 failureValue) internal pure returns (uint256) {
        uint256 good = 2 * FULL_WEIGHT + successValue;
        uint256 bad = 2 * FULL_WEIGHT + failureValue;
        return (good * WAD) / (good + bad);
    }
}
