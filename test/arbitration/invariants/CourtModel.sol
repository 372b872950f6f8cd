// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Case, Juror, Phase, Vote} from "../../../contracts/arbitration/IArbitrationPool.sol";
import {Status, Terms} from "../../../contracts/escrow/IEscrow.sol";
import {Entry, Move, Op} from "../../escrow/invariants/Store.sol";
import {CourtWorld} from "./CourtWorld.sol";
import {CaseBook, CourtOp, PanelBook, SeatBook} from "./CourtStore.sol";

/// @notice What a case does, by the words of the interface and of docs/arbitration.md: written a second time, in the plainest way.
abstract contract CourtModel is CourtWorld {
    uint256 internal constant LAST_ROUND = 2;
    uint256 internal constant MAX_REDRAWS = 2;
    uint256 private constant MIN_BOND = 5e6;

    function _caseBit(Phase phase) internal pure returns (uint256) {
        return 1 << uint8(phase);
    }

    function _isAt(uint256 index, uint256 phases) internal view returns (bool) {
        return phases & _caseBit(cases[index].expected.phase) != 0;
    }

    /// @dev A fifth of the reward, at least 5 USDC, in whole quarters.
    function _bondOf(uint256 reward) internal pure returns (uint256 bond) {
        bond = reward / 5;
        if (bond < MIN_BOND) bond = MIN_BOND;
        bond -= bond % 4;
    }

    /// @dev Twice the bond with each appeal.
    function _bondAt(uint256 index, uint256 round) internal view returns (uint256 bond) {
        bond = cases[index].bond;
        for (uint256 i = 0; i < round; ++i) bond *= 2;
    }

    function _frozen() internal view returns (bool) {
        return expectedLottery.undrawn > 0 && block.timestamp <= expectedLottery.until;
    }

    function _side(uint256 index, Vote side) internal view returns (address) {
        return side == Vote.Client ? jobs[index].terms.client : cases[index].expected.worker;
    }

    function _other(Vote side) internal pure returns (Vote) {
        return side == Vote.Client ? Vote.Worker : Vote.Client;
    }

    /// @dev The round for which the side that stands to win is asked for a bond.
    function _roundAsked(uint256 index) internal view returns (uint256) {
        CaseBook storage book = cases[index];
        return book.panels.length == 0 ? 0 : book.expected.round + 1;
    }

    function _seats(uint256 index) internal view returns (SeatBook[] storage) {
        CaseBook storage book = cases[index];
        return book.panels[book.panels.length - 1].seats;
    }

    // From the dispute to a panel

    function _takesCase(Move memory move) internal view override returns (bool) {
        Terms storage terms = jobs[move.index].terms;
        if (terms.arbiter != address(pool)) return super._takesCase(move);
        return terms.reward <= 5 * MIN_STAKE && pooled[move.party] >= _bondOf(terms.reward);
    }

    function _applyOpen(Move memory move) internal override {
        Entry storage job = jobs[move.index];
        if (job.terms.arbiter != address(pool)) return;
        CaseBook storage book = cases[move.index];
        running.push(move.index);
        book.openedAt = block.timestamp;
        book.bond = _bondOf(job.terms.reward);
        book.expected.worker = job.expected.worker;
        book.expected.standing = move.party == job.terms.client ? Vote.Worker : Vote.Client;
        _putUp(move.index, _other(book.expected.standing), book.bond);
        _ask(move.index, block.timestamp + EVIDENCE_WINDOW);
    }

    /// @dev Asks the side that stands to win for its bond.
    function _ask(uint256 index, uint256 until) internal {
        CaseBook storage book = cases[index];
        _turn(index, Phase.Answering, until);
        address asked = _side(index, book.expected.standing);
        if (stands[asked] && pooled[asked] >= _bondAt(index, _roundAsked(index))) {
            _applyAnswer(index);
            _happened(CourtOp.AnsweredAtOnce);
        }
    }

    function _applyAnswer(uint256 index) internal {
        CaseBook storage book = cases[index];
        uint256 round = _roundAsked(index);
        _putUp(index, book.expected.standing, _bondAt(index, round));
        book.expected.round = uint8(round);
        // The first round keeps its evidence window.
        _turn(index, Phase.Waiting, round == 0 ? book.expected.until : block.timestamp);
    }

    function _putUp(uint256 index, Vote side, uint256 bond) internal {
        pooled[_side(index, side)] -= bond;
        if (side == Vote.Client) cases[index].clientBonds += bond;
        else cases[index].workerBonds += bond;
    }

    function _turn(uint256 index, Phase phase, uint256 until) internal {
        cases[index].expected.phase = phase;
        cases[index].expected.until = uint40(until);
    }

    /// @dev A panel failed: another at once, or the third time none.
    function _fail(uint256 index, Phase end) internal {
        CaseBook storage book = cases[index];
        bool again = book.expected.redraws < MAX_REDRAWS;
        if (again) book.expected.redraws += 1;
        else _happened(end == Phase.Undecided ? CourtOp.CameUndecided : CourtOp.LastWordStood);
        _turn(index, again ? Phase.Waiting : end, block.timestamp - 1);
    }

    function _applyPanel(uint256 index, address[] memory drawn) internal {
        CaseBook storage book = cases[index];
        SeatBook[] storage seats = book.panels.push().seats;
        for (uint256 i = 0; i < drawn.length; ++i) {
            seats.push(SeatBook(drawn[i], Vote.None, false, false, Vote.None));
            stakes[drawn[i]].locked += book.bond;
        }
        book.expected.panels += 1;
        _turn(index, Phase.Committing, block.timestamp + COMMIT_WINDOW);
    }

    // The vote

    function _committed(uint256 index) internal view returns (uint256 count) {
        SeatBook[] storage seats = _seats(index);
        for (uint256 i = 0; i < seats.length; ++i) if (seats[i].committed && !seats[i].denounced) ++count;
    }

    function _revealed(uint256 index) internal view returns (uint256 count) {
        SeatBook[] storage seats = _seats(index);
        for (uint256 i = 0; i < seats.length; ++i) if (seats[i].vote != Vote.None) ++count;
    }

    function _revealUntil(uint256 index) internal view returns (uint256) {
        Case storage current = cases[index].expected;
        return current.phase == Phase.Committing ? current.until + REVEAL_WINDOW : current.until;
    }

    function _applyTally(uint256 index) internal {
        CaseBook storage book = cases[index];
        delete book.commitments;
        Vote outcome = _outcomeOf(_seats(index));
        if (outcome == Vote.None) return _fail(index, Phase.Undecided);
        book.expected.standing = outcome;
        bool last = book.expected.round == LAST_ROUND;
        if (last) _happened(CourtOp.HeardFifteen);
        _turn(index, Phase.Appealing, last ? block.timestamp - 1 : block.timestamp + CASE_APPEAL_WINDOW);
    }

    /// @dev The side that is ahead of the other and of "unclear", where two thirds of the seats have opened a vote.
    function _outcomeOf(SeatBook[] storage seats) internal view returns (Vote) {
        uint256[4] memory votes;
        for (uint256 i = 0; i < seats.length; ++i) votes[uint256(seats[i].vote)] += 1;
        if (3 * votes[uint256(Vote.None)] > seats.length) return Vote.None;
        uint256 client = votes[uint256(Vote.Client)];
        uint256 worker = votes[uint256(Vote.Worker)];
        uint256 unclear = votes[uint256(Vote.Unclear)];
        if (client > worker && client > unclear) return Vote.Client;
        return worker > client && worker > unclear ? Vote.Worker : Vote.None;
    }

    /// @dev What a juror has locked for a seat: the bond, less what was taken when it was denounced.
    function _riskOf(uint256 index, SeatBook storage seat) internal view returns (uint256) {
        uint256 bond = cases[index].bond;
        return seat.denounced ? bond - bond / 4 : bond;
    }

    function _applyDenounce(uint256 index, uint256 seat, address denouncer) internal {
        SeatBook storage book = _seats(index)[seat];
        book.denounced = true;
        uint256 taken = cases[index].bond / 4;
        Juror storage juror = stakes[book.juror];
        juror.locked -= taken;
        juror.stake -= taken;
        slashed += taken;
        wonOfSlashes += taken;
        // Who denounces has it in its balance.
        stakedOut += taken;
        pooled[denouncer] += taken;
    }

    // The end

    function _applyCaseRule(uint256 index) internal {
        CaseBook storage book = cases[index];
        bool inTime = jobs[index].expected.status == Status.Disputed;
        Vote winner = Vote.None;
        if (inTime && book.expected.phase == Phase.Answering) winner = _other(book.expected.standing);
        if (inTime && book.expected.phase == Phase.Appealing) winner = book.expected.standing;
        if (!inTime) _happened(CourtOp.RanOutOfTime);

        uint256 fees = _settlePanels(index);
        uint256 both = book.clientBonds + book.workerBonds;
        if (winner == Vote.None) {
            pooled[jobs[index].terms.client] += book.clientBonds - fees / 2;
            pooled[book.expected.worker] += book.workerBonds - (fees - fees / 2);
        } else {
            pooled[_side(index, winner)] += both - fees;
        }
        feesPaid += fees;
        _close(index);
        if (inTime) _ruleInEscrow(index, winner);
    }

    function _settlePanels(uint256 index) private returns (uint256 fees) {
        CaseBook storage book = cases[index];
        Phase phase = book.expected.phase;
        bool atWork = phase == Phase.Committing || phase == Phase.Revealing;
        Vote decided = Vote.None;
        for (uint256 i = book.panels.length; i > 0; --i) {
            PanelBook storage panel = book.panels[i - 1];
            // A panel that is still at work has decided nothing, and nobody has done anything wrong in it.
            bool spared = atWork && i == book.panels.length;
            if (spared) {
                _unlock(index, panel);
                continue;
            }
            Vote outcome = _outcomeOf(panel.seats);
            if (decided == Vote.None) decided = outcome;
            _slash(index, panel, outcome == Vote.None ? outcome : decided);
            fees += _reward(index, panel, outcome == Vote.None ? outcome : decided);
            _unlock(index, panel);
        }
    }

    /// Slashed of the panel that is being settled, to be shared.
    uint256 private pot;

    function _slash(uint256 index, PanelBook storage panel, Vote decided) private {
        pot = 0;
        for (uint256 i = 0; i < panel.seats.length; ++i) {
            SeatBook storage seat = panel.seats[i];
            uint256 loss = 0;
            if (seat.vote == Vote.None) loss = _riskOf(index, seat);
            else if (decided != Vote.None && seat.vote == _other(decided)) loss = (cases[index].bond * 3) / 4;
            stakes[seat.juror].stake -= loss;
            pot += loss;
        }
        slashed += pot;
    }

    /// @dev To those who voted as decided, or, where nothing was, to those who voted at all.
    function _reward(uint256 index, PanelBook storage panel, Vote decided) private returns (uint256 fees) {
        uint256 winners = 0;
        for (uint256 i = 0; i < panel.seats.length; ++i) if (_wins(panel.seats[i].vote, decided)) ++winners;
        uint256 each = winners == 0 ? 0 : pot / winners;
        uint256 fee = decided == Vote.None ? 0 : cases[index].bond / 4;
        for (uint256 i = 0; i < panel.seats.length; ++i) {
            if (_wins(panel.seats[i].vote, decided)) stakes[panel.seats[i].juror].stake += each + fee;
        }
        wonOfSlashes += each * winners;
        burned += pot - each * winners;
        return fee * winners;
    }

    function _wins(Vote vote, Vote decided) private pure returns (bool) {
        return decided == Vote.None ? vote != Vote.None : vote == decided;
    }

    function _unlock(uint256 index, PanelBook storage panel) private {
        for (uint256 i = 0; i < panel.seats.length; ++i) {
            stakes[panel.seats[i].juror].locked -= _riskOf(index, panel.seats[i]);
        }
    }

    function _close(uint256 index) private {
        uint256 life = block.timestamp - cases[index].openedAt;
        if (life > longestLife) longestLife = life;
        delete cases[index];
        for (uint256 i = 0; i < running.length; ++i) {
            if (running[i] != index) continue;
            running[i] = running[running.length - 1];
            running.pop();
            return;
        }
    }

    function _ruleInEscrow(uint256 index, Vote winner) private {
        Move memory move;
        move.op = Op.Rule;
        move.index = index;
        move.sender = address(pool);
        move.workerShareBps = jobs[index].terms.backstopShareBps;
        if (winner == Vote.Client) move.workerShareBps = 0;
        if (winner == Vote.Worker) move.workerShareBps = 10_000;
        _apply(move);
        _follow(move, false);
    }

    function _happened(CourtOp op) internal {
        courtSucceeded[uint256(op)] += 1;
    }
}
