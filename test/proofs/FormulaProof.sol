// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Formula} from "../../contracts/reputation/Formula.sol";

/// @notice The score, for every job that can be recorded, however absurd, and every record that can be held.
contract FormulaProof {
    uint256 private constant WAD = 1e18;

    /// The score is below 1, and above 0 for failures of up to 10^25 base units.
    function scoreIsBetweenZeroAndOne(uint96 successValue, uint96 failureValue) external pure {
        uint256 score = Formula.scoreOf(successValue, failureValue);
        assert(score > 0 || failureValue > 1e25);
        assert(score < WAD);
    }

    /// A newcomer has one half.
    function newcomerHasOneHalf() external pure {
        assert(Formula.scoreOf(0, 0) == WAD / 2);
    }

    /// A success never lowers the score.
    function successNeverLowersScore(uint96 successValue, uint96 failureValue, uint96 more) external pure {
        require(more >= successValue);
        assert(Formula.scoreOf(more, failureValue) >= Formula.scoreOf(successValue, failureValue));
    }

    /// A failure never raises the score.
    function failureNeverRaisesScore(uint96 successValue, uint96 failureValue, uint96 more) external pure {
        require(more >= failureValue);
        assert(Formula.scoreOf(successValue, more) <= Formula.scoreOf(successValue, failureValue));
    }

    /// No job adds more than 10 USDC to the successes, nor more than 20 to the failures.
    function weightIsCapped(uint256 reward, uint256 shareBps, bool ruled) external pure {
        (uint256 success, uint256 failure, , ) = Formula.partsOf(reward, shareBps, ruled);
        assert(success <= Formula.FULL_WEIGHT);
        assert(failure <= 2 * Formula.FULL_WEIGHT);
    }

    /// What is not won is lost, once, or twice where an arbiter ruled; nothing is rounded away.
    function partsMakeTheWeight(uint256 reward, uint256 shareBps, bool ruled) external pure {
        (uint256 success, uint256 failure, , ) = Formula.partsOf(reward, shareBps, ruled);
        uint256 weight = reward < Formula.FULL_WEIGHT ? reward : Formula.FULL_WEIGHT;
        assert(failure == (weight - success) * (ruled ? 2 : 1));
    }

    /// Each job is counted once: as a success from half the reward on, else as a failure.
    function jobIsCountedOnce(uint256 reward, uint256 shareBps, bool ruled) external pure {
        (, , uint256 won, uint256 lost) = Formula.partsOf(reward, shareBps, ruled);
        assert(won == (shareBps >= 5_000 ? 1 : 0));
        assert(won + lost == 1);
    }

    /// A sum grows by what the job adds, or to the top of its member: it never falls, nor wraps.
    function sumsStayAtTheTop(uint96 held, uint256 reward, uint256 shareBps, bool ruled) external pure {
        (uint256 success, uint256 failure, , ) = Formula.partsOf(reward, shareBps, ruled);
        uint256 max = type(uint96).max;
        uint256 good = Formula.addUpTo(max, held, success);
        uint256 bad = Formula.addUpTo(max, held, failure);
        assert(good >= held && good <= max && (good == max || good == held + success));
        assert(bad >= held && bad <= max && (bad == max || bad == held + failure));
    }

    /// A count of jobs never falls, and never leaves its member.
    function countsStayAtTheTop(uint32 held, uint256 reward, uint256 shareBps, bool ruled) external pure {
        (, , uint256 won, uint256 lost) = Formula.partsOf(reward, shareBps, ruled);
        uint256 max = type(uint32).max;
        uint256 successes = Formula.addUpTo(max, held, won);
        uint256 failures = Formula.addUpTo(max, held, lost);
        assert(successes >= held && successes <= max);
        assert(failures >= held && failures <= max);
    }
}
