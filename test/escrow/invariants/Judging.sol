// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow, JobId, Status, Terms, Verdict} from "../../../contracts/escrow/IEscrow.sol";
import {Manner} from "./Arbiter.sol";
import {Dice} from "./Dice.sol";
import {Entry, Move, Op} from "./Store.sol";
import {Working} from "./Working.sol";
import {Word} from "./Words.sol";
import {Party} from "./World.sol";

/// @notice Moves of verifiers, of clients and workers who contest them, and of the arbiter.
abstract contract Judging is Working {
    function _release(Dice memory dice, uint256 index, address carrier) internal view returns (Move memory move) {
        Entry storage job = jobs[index];
        Terms memory terms;
        (move, terms) = _begin(dice, Op.Release, index, _bit(Status.Submitted) | _bit(Status.Approved));

        bool intact = move.allowed;
        bool submitted = _stands(index, _bit(Status.Submitted));
        bool byVerifier = dice.roll(3) > 0;
        Party memory judge = _partyAt(byVerifier ? terms.verifier : terms.client);
        (Verdict memory verdict, Word memory word) = _judge(dice, job, judge, true, carrier);
        _says(move, word);
        move.data = abi.encodeCall(IEscrow.release, (terms, verdict, word.signature));

        if (move.signed) {
            move.byVerifier = byVerifier;
            move.allowed = move.allowed && (submitted || !byVerifier);
        } else {
            move.byVerifier = submitted && move.sender == terms.verifier;
            move.allowed = intact && (move.byVerifier || _speaksForClient(terms, move.sender));
        }
    }

    function _reject(Dice memory dice, uint256 index, address carrier) internal view returns (Move memory move) {
        Entry storage job = jobs[index];
        Terms memory terms;
        (move, terms) = _begin(dice, Op.Reject, index, _bit(Status.Submitted));
        bool intact = move.allowed;
        Party memory judge = _partyAt(dice.oneIn(8) ? terms.client : terms.verifier);
        (Verdict memory verdict, Word memory word) = _judge(dice, job, judge, false, carrier);
        _says(move, word);
        move.data = abi.encodeCall(IEscrow.reject, (terms, verdict, word.signature));
        bool judged =
            move.signed ? move.allowed && judge.account == terms.verifier : intact && move.sender == terms.verifier;
        move.allowed = judged && block.timestamp <= job.expected.until;
    }

    function _dispute(Dice memory dice, uint256 index, address carrier) internal view returns (Move memory move) {
        Entry storage job = jobs[index];
        Terms memory terms;
        uint256 statuses = _bit(Status.Submitted) | _bit(Status.Approved) | _bit(Status.Rejected);
        (move, terms) = _begin(dice, Op.Dispute, index, statuses);
        Party memory by = _disputant(dice, job);
        move.party = by.account;
        _instruct(dice, move, terms.arbiter);

        uint256 validUntil = _validUntil(dice);
        bytes32 statement = bytes32(dice.roll(type(uint256).max));
        bytes32 structHash = keccak256(abi.encode(DISPUTE, job.id, by.account, statement, validUntil));
        Word memory word = _speak(dice, by, structHash, validUntil, carrier);
        _says(move, word);
        bytes memory data = abi.encode(move.manner, move.workerShareBps);
        move.data = abi.encodeCall(IEscrow.dispute, (terms, by.account, statement, validUntil, word.signature, data));
        move.allowed = move.allowed && terms.arbiter != address(0) && _mayDispute(job, by.account);
        move.allowed = move.allowed && _takesCase(move);
    }

    function _rule(Dice memory dice, uint256 index) internal view returns (Move memory move) {
        Terms memory terms;
        (move, terms) = _begin(dice, Op.Rule, index, _bit(Status.Disputed));
        move.sender = dice.oneIn(6) ? _someone(dice).account : address(ARBITER);
        move.workerShareBps = _share(dice);
        if (dice.oneIn(12)) move.workerShareBps += 10_001;
        move.data = abi.encodeCall(IEscrow.rule, (terms, move.workerShareBps));
        move.allowed = move.allowed && move.sender == terms.arbiter && move.workerShareBps <= 10_000;
    }

    /// @dev Whether the sender is the client, or its operator in time on a job whose terms name it.
    function _speaksForClient(Terms memory terms, address sender) internal view returns (bool) {
        bool inTime = block.timestamp <= grants[terms.client][sender].limit.expiresAt;
        return sender == terms.client || (sender == terms.matcher && inTime);
    }

    function _judge(
        Dice memory dice,
        Entry storage job,
        Party memory judge,
        bool pass,
        address carrier
    ) private view returns (Verdict memory verdict, Word memory word) {
        verdict = Verdict(
            bytes32(dice.roll(type(uint256).max)),
            bytes32(dice.roll(type(uint256).max)),
            _validUntil(dice)
        );
        // One in 16 is the opposite word, one in 16 is on another worker.
        bool said = dice.oneIn(16) ? !pass : pass;
        address worker = dice.oneIn(16) ? stranger.account : job.expected.worker;
        bytes32 structHash = _verdictHash(job.id, worker, said, verdict);
        word = _speak(dice, judge, structHash, verdict.validUntil, carrier);
        if (word.signature.length > 0) word.good = word.good && said == pass && worker == job.expected.worker;
    }

    function _verdictHash(JobId id, address worker, bool pass, Verdict memory verdict) internal pure returns (bytes32) {
        bytes32 reasonsHash = verdict.reasonsHash;
        return keccak256(abi.encode(VERDICT, id, worker, verdict.evidenceHash, pass, reasonsHash, verdict.validUntil));
    }

    /// @dev The one who may, one in 6 times anybody.
    function _disputant(Dice memory dice, Entry storage job) private view returns (Party memory) {
        if (dice.oneIn(6)) return _someone(dice);
        bool byClient =
            job.expected.status == Status.Approved || (job.expected.status == Status.Submitted && dice.oneIn(2));
        return _partyAt(byClient ? job.terms.client : job.expected.worker);
    }

    function _mayDispute(Entry storage job, address by) internal view returns (bool) {
        bool isClient = by == job.terms.client;
        bool isWorker = by == job.expected.worker;
        if (job.expected.status == Status.Approved && !isClient) return false;
        if (job.expected.status == Status.Rejected && !isWorker) return false;
        bool silent = job.expected.status != Status.Submitted || block.timestamp > job.expected.until;
        return (isClient || isWorker) && silent && block.timestamp <= _restsUntil(job);
    }

    function _instruct(Dice memory dice, Move memory move, address arbiter) private view {
        if (arbiter != address(ARBITER)) return;
        uint256 side = dice.roll(8);
        if (side == 0) move.manner = Manner.Refuses;
        else if (side == 1) move.manner = Manner.RulesAtOnce;
        else if (side == 2) move.manner = Manner.Meddles;
        else if (side == 3) move.manner = Manner.RefusesAtLength;
        if (move.manner == Manner.RulesAtOnce) move.workerShareBps = _share(dice);
    }

    /// @dev Whether the arbiter of the job takes a dispute that the escrow would take.
    function _takesCase(Move memory move) internal view virtual returns (bool) {
        return move.manner != Manner.Refuses && move.manner != Manner.RefusesAtLength;
    }

    function _share(Dice memory dice) private pure returns (uint256) {
        uint256 side = dice.roll(4);
        if (side == 0) return 0;
        return side == 1 ? 10_000 : dice.roll(10_001);
    }
}
