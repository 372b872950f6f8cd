// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Job, SpendingLimit, Status, Terms} from "../../../contracts/escrow/IEscrow.sol";
import {Manner} from "./Arbiter.sol";
import {Entry, Grant, Move, Op, Store} from "./Store.sol";
import {World} from "./World.sol";

/// @notice What every move does, by the words of the interface: written a second time, in the plainest way, so that the
/// contract can be compared with it.
abstract contract Model is World, Store {
    uint256 internal constant SILENCE_GRACE = 1 days;
    uint256 internal constant APPEAL_WINDOW = 1 days;
    uint256 internal constant DISPUTE_BACKSTOP = 30 days;
    /// 10 USDC: a job above that moves the reputation no further.
    uint256 internal constant CAP = 10e6;
    uint256 internal constant WAD = 1e18;

    function _apply(Move memory move) internal {
        if (move.op == Op.Withdraw) return _applyWithdraw(move.party);
        if (move.op == Op.SetSpendingLimit) return _applyLimit(move);

        Entry storage job = jobs[move.index];
        if (move.op == Op.Cancel) _end(job, Status.Refunded, 0);
        else if (move.op == Op.Accept) _applyAccept(job, move.party);
        else if (move.op == Op.Reopen) _applyReopen(job);
        else if (move.op == Op.Submit) _step(job, Status.Submitted, block.timestamp + job.terms.verifyWindow);
        else if (move.op == Op.Release) _applyRelease(job, move.byVerifier);
        else if (move.op == Op.Complete) _applyComplete(job, move);
        else if (move.op == Op.Reject) _step(job, Status.Rejected, block.timestamp + APPEAL_WINDOW);
        else if (move.op == Op.Dispute) _applyDispute(job, move);
        else if (move.op == Op.Rule) _applyRule(job, move.workerShareBps);
        else if (move.op == Op.Refund) _applyRefund(job);
        else if (move.op == Op.Settle) _applySettle(job);
        else _applyFund(job, move);
    }

    function _feeOf(uint256 amount) internal pure returns (uint256) {
        return (amount * 250) / 10_000;
    }

    function _totalOf(Terms memory terms) internal pure returns (uint256) {
        return terms.reward + _feeOf(terms.reward);
    }

    function _scoreOf(address worker, bytes32 domain) internal view returns (uint256) {
        uint256 success = successValue[worker][domain];
        return ((2 * CAP + success) * WAD) / (4 * CAP + success + failureValue[worker][domain]);
    }

    /// @dev The last second in which the job rests where it is, if nobody but strangers act.
    function _restsUntil(Entry storage job) internal view returns (uint256) {
        if (job.expected.status == Status.Open) return job.terms.deadline;
        if (job.expected.status == Status.Submitted) return job.expected.until + SILENCE_GRACE;
        return job.expected.until;
    }

    function _applyFund(Entry storage job, Move memory move) private {
        Terms memory terms = job.terms;
        job.funded = _totalOf(terms);
        job.expected = Job(Status.Open, address(0), 0, 0);
        balances[terms.client] -= job.funded;
        if (move.op != Op.FundWithAuthorization && move.sender != terms.client) {
            Grant storage grant = grants[terms.client][move.sender];
            grant.limit.remaining -= uint96(job.funded);
            grant.spent += job.funded;
        }
    }

    function _applyAccept(Entry storage job, address worker) private {
        uint256 until = block.timestamp + job.terms.workWindow;
        job.expected.worker = worker;
        _step(job, Status.Accepted, until < job.terms.deadline ? until : job.terms.deadline);
    }

    function _applyReopen(Entry storage job) private {
        _recordWork(job, 0, false);
        job.expected.worker = address(0);
        job.expected.round += 1;
        _step(job, Status.Open, 0);
    }

    function _applyRelease(Entry storage job, bool byVerifier) private {
        bool reviewed = byVerifier && job.expected.status == Status.Submitted && job.terms.reviewWindow > 0;
        if (reviewed) return _step(job, Status.Approved, block.timestamp + job.terms.reviewWindow);
        _recordWork(job, 10_000, false);
        _end(job, Status.Paid, 10_000);
    }

    function _applyComplete(Entry storage job, Move memory move) private {
        job.expected.worker = move.party;
        job.expected.status = Status.Submitted;
        _applyRelease(job, move.byVerifier);
    }

    function _applyDispute(Entry storage job, Move memory move) private {
        _step(job, Status.Disputed, block.timestamp + DISPUTE_BACKSTOP);
        _applyOpen(move);
        if (move.manner == Manner.RulesAtOnce) _applyRule(job, move.workerShareBps);
    }

    function _applyRule(Entry storage job, uint256 workerShareBps) private {
        _recordWork(job, workerShareBps, true);
        Status next = Status.Split;
        if (workerShareBps == 0) next = Status.Refunded;
        if (workerShareBps == 10_000) next = Status.Paid;
        _end(job, next, workerShareBps);
    }

    function _applyRefund(Entry storage job) private {
        if (job.expected.status == Status.Rejected) _recordWork(job, 0, false);
        _end(job, Status.Refunded, 0);
    }

    function _applySettle(Entry storage job) private {
        if (job.expected.status == Status.Disputed) return _end(job, Status.Split, job.terms.backstopShareBps);
        _recordWork(job, 10_000, false);
        _end(job, Status.Paid, 10_000);
    }

    function _applyWithdraw(address owner) private {
        balances[owner] += credits[owner];
        credits[owner] = 0;
    }

    function _applyLimit(Move memory move) private {
        grants[move.sender][move.party] = Grant(move.limit, move.limit.remaining, 0);
    }

    /// @dev What a dispute does at an arbiter that keeps money of its own.
    function _applyOpen(Move memory move) internal virtual {}

    function _step(Entry storage job, Status next, uint256 until) private {
        job.expected.status = next;
        job.expected.until = uint40(until);
    }

    function _end(Entry storage job, Status last, uint256 workerShareBps) private {
        _step(job, last, 0);
        uint256 earned = (job.terms.reward * workerShareBps) / 10_000;
        uint256 fee = _feeOf(earned);
        uint256 returned = job.funded - earned - fee;
        credits[treasury.account] += fee;
        _pay(job.expected.worker, earned);
        _pay(job.terms.client, returned);
        job.earned += earned;
        job.fee += fee;
        job.returned += returned;
        job.endings += 1;
    }

    function _pay(address to, uint256 amount) private {
        if (_canReceive(to)) balances[to] += amount;
        else credits[to] += amount;
    }

    function _recordWork(Entry storage job, uint256 workerShareBps, bool ruled) private {
        if (reputationBroken) return;
        address worker = job.expected.worker;
        uint256 weight = job.terms.reward < CAP ? job.terms.reward : CAP;
        uint256 success = (weight * workerShareBps) / 10_000;
        successValue[worker][job.terms.domain] += success;
        failureValue[worker][job.terms.domain] += (weight - success) * (ruled ? 2 : 1);
    }
}
