// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow, Job, Status} from "../../../contracts/escrow/IEscrow.sol";
import {Dice} from "./Dice.sol";
import {Observing} from "./Observing.sol";
import {Entry, Move, Op, Spent} from "./Store.sol";
import {vm} from "./Vm.sol";

/// @notice Many calls in one: all or none, and each for itself.
abstract contract Batching is Observing {
    uint256 private constant LARGEST_BATCH = 6;

    /// @dev Accept, submit and release of one job by signatures that one sender carries.
    function _multicall(Dice memory dice) internal {
        address carrier = _carrier(dice);
        (Move memory move, bytes[] memory calls) = _bundle(dice, _pick(dice, _bit(Status.Open)), carrier);
        bool done = _call(carrier, abi.encodeCall(IEscrow.multicall, (calls)));
        _count(Op.Multicall, done);
        _bookBundle(move, calls, done);
    }

    /// @dev Moves of several jobs, one of each job; the books are ahead of the chain until the call is made.
    function _tryMulticall(Dice memory dice) internal {
        address carrier = _carrier(dice);
        uint256 size = dice.between(1, LARGEST_BATCH);
        uint256 first = dice.roll(jobs.length);
        if (size > jobs.length) size = jobs.length;
        Move[] memory moves = new Move[](size);
        bytes[] memory calls = new bytes[](size);
        bytes[][] memory bundles = new bytes[][](size);
        for (uint256 i = 0; i < size; ++i) {
            uint256 index = (first + i) % jobs.length;
            (moves[i], calls[i], bundles[i]) = _member(dice, index, carrier);
        }

        vm.prank(carrier);
        bool[] memory done = ESCROW.tryMulticall{gas: size * CALL_GAS}(calls);
        _count(Op.TryMulticall, true);
        for (uint256 i = 0; i < size; ++i) {
            if (bundles[i].length > 0) _bookBundle(moves[i], bundles[i], done[i]);
            else _bookMember(moves[i], done[i]);
        }
    }

    function _carrier(Dice memory dice) private view returns (address) {
        return dice.oneIn(2) ? matcher.account : _someone(dice).account;
    }

    function _member(
        Dice memory dice,
        uint256 index,
        address carrier
    ) private returns (Move memory move, bytes memory data, bytes[] memory bundle) {
        Status status = jobs[index].expected.status;
        if (status == Status.Open && dice.oneIn(2)) {
            (move, bundle) = _bundle(dice, index, carrier);
            return (move, abi.encodeCall(IEscrow.multicall, (bundle)), bundle);
        }
        if (status == Status.Open) move = _whileOpen(dice, index, carrier);
        else if (status == Status.Accepted) move = dice.oneIn(2) ? _submit(dice, index, carrier) : _reopen(dice, index);
        else if (status == Status.Rejected)
            move = dice.oneIn(2) ? _dispute(dice, index, carrier) : _refund(dice, index);
        else if (status == Status.Disputed || dice.oneIn(3)) move = _settle(dice, index);
        else move = dice.oneIn(3) ? _reject(dice, index, carrier) : _release(dice, index, carrier);
        move.sender = carrier;
        if (move.allowed) _apply(move);
        return (move, move.data, bundle);
    }

    function _whileOpen(Dice memory dice, uint256 index, address carrier) private view returns (Move memory) {
        uint256 side = dice.roll(3);
        if (side == 0) return _refund(dice, index);
        return side == 1 ? _accept(dice, index, carrier) : _complete(dice, index, carrier);
    }

    /// @return move The last of the three, allowed if all of them are; then the books have it already.
    function _bundle(
        Dice memory dice,
        uint256 index,
        address carrier
    ) private returns (Move memory move, bytes[] memory calls) {
        Entry storage job = jobs[index];
        Job memory before = job.expected;
        calls = new bytes[](3);
        bool allowed = true;
        for (uint256 i = 0; i < 3; ++i) {
            if (i == 0) move = _accept(dice, index, carrier);
            else if (i == 1) move = _submit(dice, index, carrier);
            else move = _release(dice, index, carrier);
            calls[i] = move.data;
            allowed = allowed && move.allowed;
            if (allowed) _apply(move);
        }
        move.sender = carrier;
        move.allowed = allowed;
        // Only the last of the three moves money, so nothing but the status is to be taken back.
        if (!allowed) job.expected = before;
    }

    function _bookBundle(Move memory move, bytes[] memory calls, bool done) private {
        move.signed = false;
        if (done) {
            for (uint256 i = 0; i < calls.length; ++i) spentWords.push(Spent(move.sender, calls[i]));
            _follow(move, true);
        }
        _compare(move, done);
    }

    function _bookMember(Move memory move, bool done) private {
        if (done) _follow(move, move.op == Op.Complete);
        _compare(move, done);
    }
}
