// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow, JobId, Status, Terms} from "../../../contracts/escrow/IEscrow.sol";
import {Dice} from "./Dice.sol";
import {Entry, Move, Op} from "./Store.sol";
import {Funding} from "./Funding.sol";
import {Word} from "./Words.sol";
import {Party} from "./World.sol";

/// @notice Moves of the one who works, and the lapse of the one who does not.
abstract contract Working is Funding {
    /// @dev Mostly a job that stands at one of these statuses, if there is any.
    function _pick(Dice memory dice, uint256 statuses) internal view returns (uint256) {
        uint256 first = dice.roll(jobs.length);
        if (dice.oneIn(12)) return first;
        for (uint256 i = 0; i < jobs.length; ++i) {
            uint256 index = (first + i) % jobs.length;
            if (_stands(index, statuses)) return index;
        }
        return first;
    }

    function _stands(uint256 index, uint256 statuses) internal view returns (bool) {
        return statuses & _bit(jobs[index].expected.status) != 0;
    }

    function _bit(Status status) internal pure returns (uint256) {
        return 1 << uint8(status);
    }

    /// @dev A move by a job's terms; one in 32 has them changed, so that the job is not the one it says.
    function _begin(
        Dice memory dice,
        Op op,
        uint256 index,
        uint256 statuses
    ) internal view returns (Move memory move, Terms memory terms) {
        move.op = op;
        move.index = index;
        move.allowed = _stands(index, statuses);
        terms = jobs[index].terms;
        if (dice.oneIn(32)) {
            move.allowed = false;
            uint256 side = dice.roll(4);
            if (side == 0) terms.reward += 1;
            else if (side == 1) terms.client = stranger.account;
            else if (side == 2) terms.verifier = stranger.account;
            else terms.deadline -= 1;
        }
    }

    function _says(Move memory move, Word memory word) internal pure {
        move.sender = word.sender;
        move.signed = word.signature.length > 0;
        move.allowed = move.allowed && word.good;
    }

    function _accept(Dice memory dice, uint256 index, address carrier) internal view returns (Move memory move) {
        Entry storage job = jobs[index];
        Terms memory terms;
        (move, terms) = _begin(dice, Op.Accept, index, _bit(Status.Open));
        Party memory worker = _candidate(dice, job.terms);
        move.party = worker.account;

        bool carried = carrier == address(0) && terms.matcher != address(0) && !dice.oneIn(8);
        uint256 validUntil = _validUntil(dice);
        bytes32 structHash = keccak256(abi.encode(ACCEPT, job.id, job.expected.round, validUntil));
        Word memory word = _speak(dice, worker, structHash, validUntil, carried ? terms.matcher : carrier);
        _says(move, word);
        move.data = abi.encodeCall(IEscrow.accept, (terms, worker.account, validUntil, word.signature));
        move.allowed = move.allowed && _mayAccept(job, worker.account, move.sender);
    }

    function _submit(Dice memory dice, uint256 index, address carrier) internal view returns (Move memory move) {
        Entry storage job = jobs[index];
        Terms memory terms;
        (move, terms) = _begin(dice, Op.Submit, index, _bit(Status.Accepted));

        uint256 validUntil = _validUntil(dice);
        bytes32 evidenceHash = bytes32(dice.roll(type(uint256).max));
        bytes32 structHash = keccak256(abi.encode(SUBMIT, job.id, job.expected.round, evidenceHash, validUntil));
        Word memory word = _speak(dice, _partyAt(job.expected.worker), structHash, validUntil, carrier);
        _says(move, word);
        move.data = abi.encodeCall(IEscrow.submit, (terms, evidenceHash, validUntil, word.signature));
        move.allowed = move.allowed && block.timestamp <= job.expected.until;
    }

    function _reopen(Dice memory dice, uint256 index) internal view returns (Move memory move) {
        Terms memory terms;
        (move, terms) = _begin(dice, Op.Reopen, index, _bit(Status.Accepted));
        move.sender = _someone(dice).account;
        move.data = abi.encodeCall(IEscrow.reopen, (terms));
        move.allowed = move.allowed && block.timestamp > _restsUntil(jobs[index]);
    }

    /// @dev The named worker or any, one in 8 times anybody, parties of the job included.
    function _candidate(Dice memory dice, Terms memory terms) internal view returns (Party memory) {
        if (dice.oneIn(8)) return _someone(dice);
        return terms.worker == address(0) ? workers[dice.roll(workers.length)] : _partyAt(terms.worker);
    }

    function _mayAccept(Entry storage job, address worker, address sender) internal view returns (bool) {
        Terms memory terms = job.terms;
        if (terms.matcher != address(0) && terms.matcher != sender) return false;
        bool named = terms.worker == address(0) || terms.worker == worker;
        bool apart = worker != terms.client && worker != terms.verifier && worker != terms.arbiter;
        // A score that can't be read is no score.
        bool reputed =
            terms.minReputation == 0 || (!reputationBroken && _scoreOf(worker, terms.domain) >= terms.minReputation);
        return named && apart && reputed && block.timestamp <= terms.deadline;
    }
}
