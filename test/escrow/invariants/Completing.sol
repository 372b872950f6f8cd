// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow, Status, Terms, Verdict} from "../../../contracts/escrow/IEscrow.sol";
import {Dice} from "./Dice.sol";
import {Ending} from "./Ending.sol";
import {Entry, Move, Op} from "./Store.sol";
import {Word} from "./Words.sol";
import {Party} from "./World.sol";

/// @notice The move that takes a job from open to passed by two words: the worker's and the judge's.
abstract contract Completing is Ending {
    function _complete(Dice memory dice, uint256 index, address carrier) internal view returns (Move memory move) {
        Entry storage job = jobs[index];
        Terms memory terms;
        (move, terms) = _begin(dice, Op.Complete, index, _bit(Status.Open));
        Party memory worker = _candidate(dice, job.terms);
        bool byVerifier = dice.roll(3) > 0;
        Party memory judge = _partyAt(byVerifier ? job.terms.verifier : job.terms.client);
        move.party = worker.account;
        move.byVerifier = byVerifier;
        move.sender = _bearer(dice, job.terms.matcher, worker, judge, carrier);

        uint256 validUntil = _validUntil(dice);
        Verdict memory verdict = Verdict(bytes32(dice.state), "reasons", _validUntil(dice));
        Word memory work = _submitWord(dice, move, verdict.evidenceHash, validUntil);
        Word memory pass = _passWord(dice, move, judge, verdict);
        move.signed = work.signature.length > 0 && pass.signature.length > 0;
        move.data = abi.encodeCall(
            IEscrow.complete,
            (terms, move.party, validUntil, work.signature, verdict, pass.signature)
        );
        move.allowed = move.allowed && work.good && pass.good && _mayAccept(job, move.party, move.sender);
    }

    /// @dev Who sends it: the carrier or the matcher, if there is one; else a party that then needs no signature, or anybody.
    function _bearer(
        Dice memory dice,
        address matcherOfJob,
        Party memory worker,
        Party memory judge,
        address carrier
    ) private view returns (address) {
        if (carrier != address(0)) return carrier;
        if (matcherOfJob != address(0) && !dice.oneIn(8)) return matcherOfJob;
        uint256 side = dice.roll(4);
        if (side == 0) return worker.account;
        return side == 1 ? judge.account : _someone(dice).account;
    }

    function _submitWord(
        Dice memory dice,
        Move memory move,
        bytes32 evidenceHash,
        uint256 validUntil
    ) private view returns (Word memory word) {
        if (move.sender == move.party) return Word(move.sender, "", true);
        Entry storage job = jobs[move.index];
        // One in 16 is on other evidence than the verdict.
        bool other = dice.oneIn(16);
        bytes32 said = other ? bytes32("other evidence") : evidenceHash;
        bytes32 structHash = keccak256(abi.encode(SUBMIT, job.id, job.expected.round, said, validUntil));
        (word.signature, word.good) = _signSomehow(dice, _partyAt(move.party), ESCROW_DOMAIN, structHash);
        word.good = word.good && !other && validUntil >= block.timestamp;
    }

    function _passWord(
        Dice memory dice,
        Move memory move,
        Party memory judge,
        Verdict memory verdict
    ) private view returns (Word memory word) {
        bool asOperator = !move.byVerifier && move.sender == operator.account;
        if (asOperator) return Word(move.sender, "", _speaksForClient(jobs[move.index].terms, move.sender));
        if (move.sender == judge.account) return Word(move.sender, "", true);
        bool pass = !dice.oneIn(16);
        bytes32 structHash = _verdictHash(jobs[move.index].id, move.party, pass, verdict);
        (word.signature, word.good) = _signSomehow(dice, judge, ESCROW_DOMAIN, structHash);
        word.good = word.good && pass && verdict.validUntil >= block.timestamp;
    }
}
