// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Case, Phase} from "../../../contracts/arbitration/IArbitrationPool.sol";
import {Dice} from "../../escrow/invariants/Dice.sol";
import {Spent} from "../../escrow/invariants/Store.sol";
import {vm} from "../../escrow/invariants/Vm.sol";
import {Service} from "./Coordinator.sol";
import {CourtFinale} from "./CourtFinale.sol";
import {CourtOp} from "./CourtStore.sol";

/// @notice The calls at the pool that a sequence is drawn from, beside those at the escrow. None of them reverts.
contract CourtHandler is CourtFinale {
    uint256 private constant LARGEST_STAKE = 700e6;

    constructor() {
        Dice memory dice = Dice(0);
        for (uint256 i = 0; i < jurors.length; ++i) {
            uint256 amount = dice.between(MIN_STAKE, LARGEST_STAKE);
            address account = jurors[i].account;
            _deposit(balances[account] < amount ? clients[1].account : account, account, amount);
            while (stakes[account].stake == 0) _stakeOf(dice, jurors[i], amount);
        }
    }

    /// @dev Mostly while few cases run: each waits for the others' windows, too.
    function contest(uint256 seed) external {
        Dice memory dice = Dice(seed);
        if (running.length < 3 || dice.oneIn(6)) _contest(dice);
    }

    function deposit(uint256 seed) external {
        Dice memory dice = Dice(seed);
        _deposit(_ownerOf(dice).account, _ownerOf(dice).account, dice.roll(200e6));
    }

    function depositWithAuthorization(uint256 seed) external {
        _depositWithAuthorization(Dice(seed));
    }

    function withdrawFromPool(uint256 seed) external {
        _withdrawFromPool(Dice(seed));
    }

    function setStandingAnswer(uint256 seed) external {
        _setStandingAnswer(Dice(seed));
    }

    function stake(uint256 seed) external {
        _stake(Dice(seed));
    }

    function collect(uint256 seed) external {
        _collect(Dice(seed));
    }

    function retire(uint256 seed) external {
        _retire(Dice(seed));
    }

    function unstake(uint256 seed) external {
        _unstake(Dice(seed));
    }

    function reweigh(uint256 seed) external {
        _reweigh(Dice(seed));
    }

    function addEvidence(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _addEvidence(dice, _pickCase(dice, _caseBit(Phase.Answering) | _caseBit(Phase.Waiting)));
    }

    function answerCase(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _answerCase(dice, _pickCase(dice, _caseBit(Phase.Answering)));
    }

    function requestDraw(uint256 seed) external onceFunded {
        _requestDraw(Dice(seed));
    }

    function sendRandomness(uint256 seed) external {
        _seed(Dice(seed));
    }

    function draw(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _draw(dice, _pickCase(dice, _caseBit(Phase.Drawing)));
    }

    function commit(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _commitVotes(dice, _pickCase(dice, _caseBit(Phase.Committing)));
    }

    function reveal(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _revealVotes(dice, _pickCase(dice, _caseBit(Phase.Revealing)));
    }

    function denounce(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _denounce(dice, _pickCase(dice, _caseBit(Phase.Committing)));
    }

    function tallyVotes(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _tallyVotes(_someone(dice).account, _pickCase(dice, _caseBit(Phase.Revealing)));
    }

    function appeal(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _appeal(dice, _pickCase(dice, _caseBit(Phase.Appealing)));
    }

    function ruleCase(uint256 seed) external onceFunded {
        Dice memory dice = Dice(seed);
        _ruleCase(dice, _pickCase(dice, _caseBit(Phase.Undecided) | _caseBit(Phase.Appealing)));
    }

    /// @dev Takes a case one step on, as it should be or by somebody's silence; mostly the same one, so that it gets far.
    function advance(uint256 seed) external {
        if (running.length == 0) return;
        Dice memory dice = Dice(seed);
        uint256 index = running[dice.oneIn(6) ? dice.roll(running.length) : 0];
        Phase phase = cases[index].expected.phase;
        if (phase == Phase.Answering) _advanceAnswering(dice, index);
        else if (phase == Phase.Waiting) _advanceWaiting(dice);
        else if (phase == Phase.Drawing) _advanceDrawing(dice, index);
        else if (phase == Phase.Committing) _advanceCommitting(dice, index);
        else if (phase == Phase.Revealing) _advanceRevealing(dice, index);
        else if (phase == Phase.Appealing) _advanceAppealing(dice, index);
        else _ruleCase(dice, index);
    }

    /// @dev Cases one after another, each contested as far as it goes, until what is looked for has happened.
    /// @param deserted Whether jurors retire until the panel of the first appeal can't be filled.
    function takeToTheEnd(CourtOp goal, bool deserted) external {
        Dice memory dice = Dice(1);
        for (uint256 i = 0; i < 20 && courtSucceeded[uint256(goal)] == 0; ++i) {
            _contest(dice);
            while (running.length > 0) {
                uint256 index = running[0];
                bool appealed = cases[index].expected.round == 1 && _isAt(index, _caseBit(Phase.Waiting));
                if (deserted && appealed) _desert();
                _pursue(dice, index);
            }
        }
    }

    /// @dev To the last second of a case's phase, or the first one after it.
    function waitForCase(uint256 seed) external {
        if (running.length == 0) return;
        Dice memory dice = Dice(seed);
        _waitUntil(cases[running[dice.roll(running.length)]].expected.until + dice.roll(2));
    }

    /// @dev The escrow splits what nobody has ruled in 30 days, and the pool ends its case after that.
    function letBackstopPass(uint256 seed) external {
        Dice memory dice = Dice(seed);
        if (running.length == 0 || !dice.oneIn(6)) return;
        uint256 index = running[dice.roll(running.length)];
        _waitForEnd(dice, index);
        _perform(_settle(dice, index));
    }

    function replayAtPool(uint256 seed) external {
        if (spentAtPool.length == 0) return;
        Spent storage spent = spentAtPool[Dice(seed).roll(spentAtPool.length)];
        if (_attempt(CourtOp.Replay, spent.sender, spent.data, false)) return;
    }

    function donateToPool(uint256 seed) external {
        Dice memory dice = Dice(seed);
        address from = jurors[dice.roll(jurors.length)].account;
        uint256 amount = dice.roll(50e6);
        vm.prank(from);
        (bool done, ) = address(USDC).call(abi.encodeCall(USDC.transfer, (address(pool), amount)));
        if (!done) return;
        _happened(CourtOp.Donate);
        donatedToPool += amount;
        balances[from] -= amount;
    }

    /// @dev Blocks an owner or the pool, and frees two for each.
    function issueAtPool(uint256 seed) external {
        Dice memory dice = Dice(seed);
        uint256 first = dice.roll(owners.length + 1);
        if (dice.oneIn(3)) {
            USDC.blacklist(_blockable(dice.oneIn(6) ? owners.length : first));
            return _happened(CourtOp.Block);
        }
        for (uint256 i = 0; i <= owners.length; ++i) {
            if (!_free(_blockable((first + i) % (owners.length + 1)))) continue;
            return _happened(CourtOp.Unblock);
        }
    }

    /// @dev All but three leave the draw.
    function _desert() private {
        for (uint256 i = 3; i < jurors.length; ++i) {
            if (stakes[jurors[i].account].unstakeFrom == 0) _retireSigned(jurors[i]);
        }
    }

    /// @dev As `advance`, but nobody is silent where it would end the case.
    function _pursue(Dice memory dice, uint256 index) private {
        Case storage current = cases[index].expected;
        Phase phase = current.phase;
        if (phase == Phase.Answering) return _answerCase(dice, index);
        if (phase == Phase.Committing) return _commitVotes(dice, index);
        if (phase == Phase.Waiting) {
            _waitUntil(uint256(current.until) + 1);
            _waitUntil(expectedLottery.until + STAKING_WINDOW + 1);
            coordinator.serve(Service.Takes);
            return _requestDrawOf(running, stranger.account);
        }
        if (phase == Phase.Drawing) {
            _seedWith(awaited, dice.roll(type(uint256).max));
            return _drawBy(stranger.account, index, jobs[index].terms, true);
        }
        if (phase == Phase.Revealing) {
            for (uint256 i = 0; i < 8 && _isAt(index, _caseBit(phase)); ++i) _revealVotes(dice, index);
            if (!_isAt(index, _caseBit(phase))) return;
            _waitUntil(uint256(current.until) + 1);
            return _tallyVotes(stranger.account, index);
        }
        bool open = phase == Phase.Appealing && current.round < LAST_ROUND;
        if (open && block.timestamp <= current.until) return _appeal(dice, index);
        _waitUntil(uint256(current.until) + 1);
        _ruleBy(stranger.account, index, jobs[index].terms, true);
    }

    function _waitUntil(uint256 time) private {
        if (time > block.timestamp) vm.warp(time);
    }

    function _advanceAnswering(Dice memory dice, uint256 index) private {
        if (block.timestamp <= cases[index].expected.until && !dice.oneIn(8)) return _answerCase(dice, index);
        _waitUntil(uint256(cases[index].expected.until) + 1);
        _ruleCase(dice, index);
    }

    /// @dev Past the case's time to wait, and the pause after the last draw.
    function _advanceWaiting(Dice memory dice) private {
        for (uint256 i = 0; i < running.length; ++i) {
            if (_isAt(running[i], _caseBit(Phase.Waiting))) _waitUntil(uint256(cases[running[i]].expected.until) + 1);
        }
        if (!_frozen()) _waitUntil(expectedLottery.until + STAKING_WINDOW + 1);
        _requestDraw(dice);
    }

    function _advanceDrawing(Dice memory dice, uint256 index) private {
        if (expectedLottery.seeded && block.timestamp <= cases[index].expected.until) return _draw(dice, index);
        if (awaited != 0 && _frozen() && !dice.oneIn(6)) return _seed(dice);
        _waitUntil(cases[index].expected.until + STAKING_WINDOW + 1);
        _requestDraw(dice);
    }

    function _advanceCommitting(Dice memory dice, uint256 index) private {
        Case storage current = cases[index].expected;
        bool late = block.timestamp > current.until;
        if (!late && !dice.oneIn(_committed(index) == 0 ? 8 : 3)) return _commitVotes(dice, index);
        if (!late && dice.oneIn(4)) return _denounce(dice, index);
        _waitUntil(uint256(current.until) + 1);
        if (_mayTally(index)) _tallyVotes(_someone(dice).account, index);
        else _revealVotes(dice, index);
    }

    function _advanceRevealing(Dice memory dice, uint256 index) private {
        if (!dice.oneIn(8) && block.timestamp <= cases[index].expected.until) return _revealVotes(dice, index);
        _waitUntil(uint256(cases[index].expected.until) + 1);
        _tallyVotes(_someone(dice).account, index);
    }

    function _advanceAppealing(Dice memory dice, uint256 index) private {
        Case storage current = cases[index].expected;
        bool open = current.round < LAST_ROUND && block.timestamp <= current.until;
        if (open && !dice.oneIn(4)) return _appeal(dice, index);
        _waitUntil(uint256(current.until) + 1);
        _ruleCase(dice, index);
    }
}
