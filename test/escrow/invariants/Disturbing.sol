// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Status} from "../../../contracts/escrow/IEscrow.sol";
import {Batching} from "./Batching.sol";
import {Dice} from "./Dice.sol";
import {Move, Op, Spent} from "./Store.sol";
import {vm} from "./Vm.sol";

/// @notice What the world does to the contracts: time, gifts, blocked accounts, a paused token, a broken reputation, senders
/// with too little gas and words used twice.
abstract contract Disturbing is Batching {
    bytes private reputationCode;

    constructor() {
        reputationCode = address(REPUTATION).code;
        for (uint256 i = 0; i < clients.length; ++i) balances[clients[i].account] = CLIENT_BALANCE;
    }

    function _wait(Dice memory dice) internal {
        if (jobs.length > 0 && dice.oneIn(8)) _waitForEnd(dice, dice.roll(jobs.length));
        else vm.warp(block.timestamp + dice.roll(dice.oneIn(12) ? 2 days : 10 minutes));
        _count(Op.Wait, true);
    }

    /// @dev Until the last second of a job's window, or the first one after it.
    function _waitForEnd(Dice memory dice, uint256 index) internal {
        uint256 time = _restsUntil(jobs[index]) + dice.roll(2);
        if (time > block.timestamp) vm.warp(time);
    }

    function _donate(Dice memory dice) internal {
        address from = clients[dice.roll(clients.length)].account;
        uint256 amount = dice.roll(50e6);
        vm.prank(from);
        (bool done, ) = address(USDC).call(abi.encodeCall(USDC.transfer, (address(ESCROW), amount)));
        _count(Op.Donate, done);
        if (!done) return;
        donated += amount;
        balances[from] -= amount;
    }

    /// @dev Pauses and blocks, and takes that back more often than not.
    function _issue(Dice memory dice) internal {
        uint256 side = dice.roll(16);
        if (side == 0) _setPaused(true);
        else if (side < 6) _setPaused(false);
        else if (side < 8) _block(dice.oneIn(10) ? address(ESCROW) : _someone(dice).account);
        else _unblock(dice.roll(parties.length + 1));
    }

    function _setPaused(bool paused) internal {
        bool changes = USDC.paused() != paused;
        if (changes && paused) USDC.pause();
        if (changes && !paused) USDC.unpause();
        _count(paused ? Op.Pause : Op.Unpause, changes);
    }

    function _block(address account) private {
        USDC.blacklist(account);
        _count(Op.Block, true);
    }

    /// @dev The next blocked account from there on, the escrow being the last.
    function _unblock(uint256 first) internal {
        for (uint256 i = 0; i <= parties.length; ++i) {
            uint256 index = (first + i) % (parties.length + 1);
            address account = index == parties.length ? address(ESCROW) : parties[index].account;
            if (!USDC.isBlacklisted(account)) continue;
            USDC.unBlacklist(account);
            return _count(Op.Unblock, true);
        }
        _count(Op.Unblock, false);
    }

    /// @dev The reputation contract burns all gas, reverts, does nothing at all, or throws 32 KB back; or works again.
    function _toggleReputation(Dice memory dice) internal {
        bytes[4] memory broken = [bytes(hex"fe"), hex"5f5ffd", hex"00", hex"6180005ffd"];
        reputationBroken = dice.oneIn(3);
        vm.etch(address(REPUTATION), reputationBroken ? broken[dice.roll(broken.length)] : reputationCode);
        _count(reputationBroken ? Op.BreakReputation : Op.MendReputation, true);
    }

    /// @dev A call with little gas is done in full or not at all.
    function _starve(Dice memory dice) internal {
        Move memory move = _payout(dice);
        vm.prank(move.sender);
        (bool done, ) = address(ESCROW).call{gas: dice.between(60_000, 500_000)}(move.data);
        _count(Op.Starve, done);
        if (done || !move.allowed) _book(move, done);
    }

    function _payout(Dice memory dice) private view returns (Move memory) {
        uint256 side = dice.roll(6);
        if (side == 0) return _refund(dice, _pick(dice, _bit(Status.Open) | _bit(Status.Rejected)));
        if (side == 1) return _settle(dice, _pick(dice, _bit(Status.Submitted) | _bit(Status.Approved)));
        if (side == 2) return _rule(dice, _pick(dice, _bit(Status.Disputed)));
        if (side == 3) return _cancel(dice, _pick(dice, _bit(Status.Open)), address(0));
        if (side == 4) return _complete(dice, _pick(dice, _bit(Status.Open)), address(0));
        return _release(dice, _pick(dice, _bit(Status.Submitted) | _bit(Status.Approved)), address(0));
    }

    function _replay(Dice memory dice) internal {
        if (spentWords.length == 0) return;
        Spent storage spent = spentWords[dice.roll(spentWords.length)];
        bool done = _call(spent.sender, spent.data);
        _count(Op.Replay, !done);
        if (done) _report("a signature did its work twice");
    }
}
