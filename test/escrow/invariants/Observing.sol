// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Job, Status} from "../../../contracts/escrow/IEscrow.sol";
import {Completing} from "./Completing.sol";
import {Manner} from "./Arbiter.sol";
import {Dice} from "./Dice.sol";
import {Entry, Move, Op, Spent} from "./Store.sol";
import {vm} from "./Vm.sol";

/// @notice Makes the calls, and looks at what each of them did to its job, whatever the books expect.
abstract contract Observing is Completing {
    /// Of the words of encoded terms, the first ones hold types of less than 32 bytes.
    uint256 private constant NARROW_WORDS = 12;
    /// What a sender gives to one call: plenty, but not so much that a callee could waste all it gets and leave enough.
    uint256 internal constant CALL_GAS = 3_000_000;

    /// @dev One call in 64 carries a word with more bits than its type has: other bytes that could pass for the same terms.
    function _performSomehow(Dice memory dice, Move memory move) internal {
        if (dice.oneIn(64) && move.op <= Op.Settle) {
            // Behind the selector; an address or a number fills a word from its right end.
            uint256 position = 4 + 32 * dice.roll(NARROW_WORDS);
            move.data[position] = move.data[position] | 0x01;
            move.allowed = false;
        }
        _perform(move);
    }

    function _perform(Move memory move) internal {
        bool done = _call(move.sender, move.data);
        _book(move, done);
    }

    function _call(address sender, bytes memory data) internal returns (bool done) {
        vm.prank(sender);
        (done, ) = address(ESCROW).call{gas: CALL_GAS}(data);
    }

    /// @dev Enters a call's outcome, which has to be the one that the rules say.
    function _book(Move memory move, bool done) internal {
        _count(move.op, done);
        if (!done && move.op <= Op.FundWithAuthorization) jobs.pop();
        if (done && move.allowed) _apply(move);
        if (done) _follow(move, move.op == Op.Complete);
        _compare(move, done);
    }

    /// @param bundled The job was accepted and submitted in the same transaction.
    function _follow(Move memory move, bool bundled) internal {
        if (move.signed) spentWords.push(Spent(move.sender, move.data));
        if (move.op != Op.Withdraw && move.op != Op.SetSpendingLimit) _observe(move, bundled);
    }

    function _compare(Move memory move, bool done) internal {
        if (done == move.allowed) return;
        string memory fault = done ? "done against the rules: operation " : "refused against the rules: operation ";
        _report(string.concat(fault, vm.toString(uint256(move.op))));
    }

    function _count(Op op, bool done) internal {
        if (done) succeeded[uint256(op)] += 1;
        else refused[uint256(op)] += 1;
    }

    function _observe(Move memory move, bool bundled) private {
        Entry storage entry = jobs[move.index];
        Job memory seen = entry.seen;
        Job memory current = ESCROW.job(entry.id);
        entry.seen = current;

        Status from = bundled ? Status.Submitted : seen.status;
        if (move.op == Op.Dispute && current.status != Status.Disputed) from = Status.Disputed;
        if (!_isEdge(from, current.status)) _report("a status moved along no edge of its life");
        if (current.round < seen.round) _report("a round fell");
        bool reopened = seen.status == Status.Accepted && current.status == Status.Open;
        if (current.round != seen.round + (reopened ? 1 : 0)) _report("a round moved without a lapse");
        if (reopened && block.timestamp <= seen.until) _report("rule 4: work in time was taken from its worker");

        bool returned = current.status == Status.Refunded || current.status == Status.Split;
        if (returned && !_mayReturn(seen, move, current.status)) _report("rule 4: money went back for work under way");
    }

    /// @dev The only reasons for a client to get money back.
    function _mayReturn(Job memory seen, Move memory move, Status last) private view returns (bool) {
        bool untouched = seen.status == Status.Open;
        bool rejectedForGood = seen.status == Status.Rejected && move.op == Op.Refund && block.timestamp > seen.until;
        bool ruled =
            (move.op == Op.Rule && move.sender == jobs[move.index].terms.arbiter) ||
                (move.op == Op.Dispute && move.manner == Manner.RulesAtOnce);
        bool neverRuled = seen.status == Status.Disputed && last == Status.Split && block.timestamp > seen.until;
        return untouched || rejectedForGood || ruled || neverRuled;
    }

    function _isEdge(Status from, Status to) private pure returns (bool) {
        if (from == Status.None) return to == Status.Open;
        if (from == Status.Open) return to == Status.Accepted || to == Status.Refunded;
        if (from == Status.Accepted) return to == Status.Open || to == Status.Submitted;
        if (from == Status.Submitted) {
            return to == Status.Paid || to == Status.Approved || to == Status.Rejected || to == Status.Disputed;
        }
        if (from == Status.Approved) return to == Status.Paid || to == Status.Disputed;
        if (from == Status.Rejected) return to == Status.Refunded || to == Status.Disputed;
        return from == Status.Disputed && (to == Status.Paid || to == Status.Refunded || to == Status.Split);
    }
}
