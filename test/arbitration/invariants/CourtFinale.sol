// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Case, Phase} from "../../../contracts/arbitration/IArbitrationPool.sol";
import {Dice} from "../../escrow/invariants/Dice.sol";
import {vm} from "../../escrow/invariants/Vm.sol";
import {Service} from "./Coordinator.sol";
import {CourtRules} from "./CourtRules.sol";
import {COURT_OPS} from "./CourtStore.sol";

/// @notice How cases end when nobody but strangers act, how long they last, and what is left then.
abstract contract CourtFinale is CourtRules {
    uint256 private constant VOTING = (1 << uint8(Phase.Committing)) | (1 << uint8(Phase.Revealing));
    uint256 private constant DRAWN = (1 << uint8(Phase.Waiting)) | (1 << uint8(Phase.Drawing));

    /// 4. Calls that anyone may make end every case, in no more than `longestCase` seconds from wherever it stands, whether
    /// randomness comes or not.
    function courtRule4_strangerEndsEveryCase() external {
        bool random = block.timestamp % 2 == 0;
        coordinator.serve(random ? Service.Takes : Service.Reverts);
        uint256 until = block.timestamp + pool.longestCase();
        while (running.length > 0) {
            if (!_stepOfAnyone(random)) vm.warp(_nextStep());
            require(block.timestamp <= until, "court rule 4: a case has no end that anyone can bring in time");
        }
        for (uint256 i = 0; i < jurors.length; ++i) {
            require(pool.jurorOf(jurors[i].account).locked == 0, "court rule 4: stake is locked for no case");
        }
    }

    /// 4. No case lives longer than `longestCase` if every call that anyone may make is made as soon as it may be, whatever the
    /// parties, the jurors and the coordinator do; they take their last second here.
    function courtRule4_promptCasesEndInTime(uint256 seed) external returns (uint256 life) {
        Dice memory dice = Dice(seed);
        for (uint256 i = dice.between(1, 3); i > 0; --i) _contest(dice);
        while (running.length > 0) {
            if (_stepOfAnyone(false)) continue;
            uint256 next = _nextStep();
            if (next > block.timestamp + 1) vm.warp(next - 1);
            for (uint256 i = running.length; i > 0; --i) if (i <= running.length) _actAtLast(dice, running[i - 1]);
            if (!_stepOfAnyone(false)) vm.warp(next);
            // Others' disputes begin whenever they like.
            if (jobs.length < 6 && dice.oneIn(8)) _contest(dice);
        }
        require(longestLife <= pool.longestCase(), "court rule 4: a case lived longer than any should");
        return longestLife;
    }

    /// 7. When all cases have ended and USDC works, everybody gets its stake and its balance back; nothing is left but what is
    /// burned and was sent in.
    function courtRule7_allMoneyHasAnOwner() external {
        if (USDC.paused()) _setPaused(false);
        for (uint256 i = 0; i <= parties.length; ++i) _unblock(i);
        for (uint256 i = 0; i <= owners.length; ++i) _free(_blockable(i));
        if (_frozen()) vm.warp(uint256(expectedLottery.until) + 1);
        for (uint256 i = 0; i < jurors.length; ++i) {
            address account = jurors[i].account;
            if (isJuror[account] && stakes[account].unstakeFrom == 0) _retireSigned(jurors[i]);
        }
        for (uint256 i = 0; i < jurors.length; ++i) {
            address account = jurors[i].account;
            if (stakes[account].unstakeFrom > block.timestamp) vm.warp(stakes[account].unstakeFrom);
            if (isJuror[account]) _unstakeOf(account, stranger.account);
        }
        for (uint256 i = 0; i < owners.length; ++i) _withdrawAll(owners[i]);
        uint256 left = USDC.balanceOf(address(pool));
        require(left == pool.burned() + donatedToPool, "court rule 7: money is left that nobody can get");
    }

    /// @dev Succeeded and refused of every kind of move at the pool.
    function courtTally() external view returns (uint256[COURT_OPS] memory done, uint256[COURT_OPS] memory failed) {
        return (courtSucceeded, courtRefused);
    }

    /// @dev Whom USDC may block beside the escrow's parties: owners of money in the pool, the pool last.
    function _blockable(uint256 i) internal view returns (address) {
        return i == owners.length ? address(pool) : owners[i].account;
    }

    function _free(address account) internal returns (bool blocked) {
        blocked = USDC.isBlacklisted(account);
        if (blocked) USDC.unBlacklist(account);
    }

    /// @dev Everything that a stranger can do now.
    function _stepOfAnyone(bool random) private returns (bool stepped) {
        for (uint256 i = running.length; i > 0; --i) stepped = _step(running[i - 1]) || stepped;
        bool due = false;
        for (uint256 i = 0; i < running.length; ++i) due = due || _isDue(running[i]);
        if (!due || _frozen() || block.timestamp <= expectedLottery.until + STAKING_WINDOW) return stepped;
        _requestDrawOf(running, stranger.account);
        if (random && awaited != 0) _seedWith(awaited, block.timestamp);
        return true;
    }

    function _step(uint256 index) private returns (bool) {
        bool seeded = _isAt(index, _caseBit(Phase.Drawing)) && expectedLottery.seeded;
        if (_mayRule(index)) _ruleBy(stranger.account, index, jobs[index].terms, true);
        else if (_mayTally(index)) _tallyVotes(stranger.account, index);
        else if (seeded && block.timestamp <= cases[index].expected.until)
            _drawBy(stranger.account, index, jobs[index].terms, true);
        else return false;
        return true;
    }

    /// @dev When a stranger can do the next thing.
    function _nextStep() private view returns (uint256 next) {
        next = type(uint256).max;
        for (uint256 i = 0; i < running.length; ++i) {
            uint256 from = _stepFrom(running[i]);
            if (from < next) next = from;
        }
    }

    function _stepFrom(uint256 index) private view returns (uint256 from) {
        from = uint256(cases[index].expected.until) + 1;
        if (_isAt(index, VOTING)) return _votesUntil(index) + 1;
        uint256 rested = expectedLottery.until + STAKING_WINDOW + 1;
        if (_isAt(index, DRAWN) && from < rested) return rested;
    }

    /// @dev What those do who have a second left.
    function _actAtLast(Dice memory dice, uint256 index) private {
        Case storage current = cases[index].expected;
        if (current.phase == Phase.Drawing && awaited != 0 && !dice.oneIn(3)) _seedWith(awaited, dice.state);
        else if (block.timestamp > current.until && current.phase != Phase.Committing) return;
        else if (current.phase == Phase.Answering) _answerCase(dice, index);
        else if (current.phase == Phase.Appealing) _appeal(dice, index);
        else if (current.phase == Phase.Committing) _voteAtLast(dice, index);
        else if (current.phase == Phase.Revealing) _revealVotes(dice, index);
    }

    function _voteAtLast(Dice memory dice, uint256 index) private {
        if (block.timestamp <= cases[index].expected.until) _commitVotes(dice, index);
        else _revealVotes(dice, index);
    }
}
