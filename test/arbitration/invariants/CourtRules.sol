// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Juror, Seat} from "../../../contracts/arbitration/IArbitrationPool.sol";
import {CaseBook, SeatBook} from "./CourtStore.sol";
import {Voting} from "./Voting.sol";

/// @notice The rules of the pool, each a sentence and the code that says the same. That the pool says of stakes, seats and
/// balances what the books say is held by `courtStandsAsBooked`; the other rules read the books, in a quarter of the time.
abstract contract CourtRules is Voting {
    /// Every case, every seat, every stake, every balance and the draw stand where the calls made so far have brought them.
    function courtStandsAsBooked() external view {
        bytes32 lottery = keccak256(abi.encode(pool.lottery()));
        require(lottery == keccak256(abi.encode(expectedLottery)), "a draw stands otherwise than its calls say");
        for (uint256 i = 0; i < jobs.length; ++i) {
            bytes32 actual = keccak256(abi.encode(pool.caseOf(jobs[i].id)));
            require(actual == keccak256(abi.encode(cases[i].expected)), "a case stands otherwise than its calls say");
        }
        for (uint256 i = 0; i < running.length; ++i) _requireSeatsAsBooked(running[i]);
        for (uint256 i = 0; i < owners.length; ++i) {
            address account = owners[i].account;
            require(pool.balance(account) == pooled[account], "an owner has not what its cases brought it");
            require(USDC.balanceOf(account) == balances[account], "an owner was not paid what it withdrew");
        }
        for (uint256 i = 0; i < jurors.length; ++i) {
            address account = jurors[i].account;
            bytes32 actual = keccak256(abi.encode(pool.jurorOf(account)));
            require(actual == keccak256(abi.encode(stakes[account])), "a juror has not what its votes brought it");
        }
    }

    /// 1. The USDC held by the pool covers all balances, stakes, bonds of cases that run and what is burned; what is more was
    /// sent in unasked.
    function courtRule1_heldCoversOwed() external view {
        uint256 owed = pool.burned() + pool.balance(treasury.account);
        for (uint256 i = 0; i < owners.length; ++i) owed += pooled[owners[i].account];
        for (uint256 i = 0; i < jurors.length; ++i) owed += stakes[jurors[i].account].stake;
        for (uint256 i = 0; i < running.length; ++i) {
            owed += cases[running[i]].clientBonds + cases[running[i]].workerBonds;
        }
        uint256 held = USDC.balanceOf(address(pool));
        require(held >= owed, "court rule 1: less is held than is owed");
        require(held == owed + donatedToPool, "court rule 1: more is held than is owed and was sent in");
    }

    /// 2. What is taken from jurors is won by others or burned, to the base unit; beside it, stakes grow by what bonds pay only.
    function courtRule2_slashesAreWonOrBurned() external view {
        require(slashed == wonOfSlashes + pool.burned(), "court rule 2: slashes are not what was won and burned");
        uint256 staked;
        for (uint256 i = 0; i < jurors.length; ++i) staked += stakes[jurors[i].account].stake;
        uint256 earned = stakedIn + wonOfSlashes + feesPaid;
        require(staked + stakedOut + slashed == earned, "court rule 2: stakes are not what went in and was earned");
    }

    /// 3. No juror risks more than its stake, and what it has locked is the risk of its seats in cases that run.
    function courtRule3_lockedIsRiskOfSeats() external view {
        uint256[] memory risks = new uint256[](jurors.length);
        for (uint256 i = 0; i < running.length; ++i) _addRisks(running[i], risks);
        for (uint256 i = 0; i < jurors.length; ++i) {
            Juror storage juror = stakes[jurors[i].account];
            require(juror.locked <= juror.stake, "court rule 3: a juror risks more than it has");
            require(juror.locked == risks[i], "court rule 3: what is locked is not the risk of the seats");
        }
    }

    /// 6. While a draw runs no weight changes, and the whole is the sum of its parts.
    function courtRule6_weightsRestInADraw() external view {
        (bytes32 weights, uint256 total) = _weights();
        require(pool.totalWeight() == total, "court rule 6: the tree's total is not the sum of the weights");
        require(!_frozen() || weights == frozenWeights, "court rule 6: a weight changed while a draw ran");
    }

    function _addRisks(uint256 index, uint256[] memory risks) private view {
        CaseBook storage book = cases[index];
        for (uint256 panel = 0; panel < book.panels.length; ++panel) {
            SeatBook[] storage seats = book.panels[panel].seats;
            for (uint256 i = 0; i < seats.length; ++i) risks[jurorNumber[seats[i].juror]] += _riskOf(index, seats[i]);
        }
    }

    function _requireSeatsAsBooked(uint256 index) private view {
        CaseBook storage book = cases[index];
        for (uint256 panel = 0; panel < book.panels.length; ++panel) {
            Seat[] memory seats = pool.panelOf(jobs[index].id, panel);
            require(seats.length == book.panels[panel].seats.length, "a panel has not its seats");
            for (uint256 i = 0; i < seats.length; ++i) {
                SeatBook storage expected = book.panels[panel].seats[i];
                bool same = seats[i].juror == expected.juror && seats[i].vote == expected.vote;
                same = same && seats[i].committed == expected.committed && seats[i].denounced == expected.denounced;
                require(same, "a seat stands otherwise than its calls say");
            }
        }
    }
}
