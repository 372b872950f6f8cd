// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Job, SpendingLimit, Status} from "../../../contracts/escrow/IEscrow.sol";
import {Record} from "../../../contracts/reputation/IReputation.sol";
import {Disturbing} from "./Disturbing.sol";
import {Entry, Grant} from "./Store.sol";
import {vm} from "./Vm.sol";

/// @notice The money rules, each a sentence and the code that says the same.
abstract contract Rules is Disturbing {
    bytes32[2] private domains = [bytes32("support"), bytes32("legal")];

    /// Everything went as the interface says: who may, when, from where to where.
    function everyOutcomeIsAllowed() external view {
        require(bytes(breach).length == 0, breach);
        require(!ARBITER.meddled(), "an arbiter ended its case by something else than a ruling");
    }

    /// Every job stands where the calls made so far have brought it; none was moved by a call that was not its own.
    function jobsStandAsBooked() external view {
        for (uint256 i = 0; i < jobs.length; ++i) {
            bytes32 actual = keccak256(abi.encode(ESCROW.job(jobs[i].id)));
            require(actual == keccak256(abi.encode(jobs[i].expected)), "a job stands otherwise than its calls say");
        }
    }

    /// 1. The USDC held covers every open job and every credit, whatever was called, blocked, paused or sent in; what is more
    /// was sent in unasked.
    function rule1_heldCoversOwed() external view {
        uint256 owed;
        for (uint256 i = 0; i < jobs.length; ++i) {
            if (!_isFinal(ESCROW.job(jobs[i].id).status)) owed += jobs[i].funded;
        }
        for (uint256 i = 0; i < parties.length; ++i) owed += ESCROW.credit(parties[i].account);
        uint256 held = USDC.balanceOf(address(ESCROW));
        require(held >= owed, "rule 1: less is held than is owed");
        require(held == owed + donated, "rule 1: more is held than is owed and was sent in");
    }

    /// 2. A job pays out what was funded for it, once, at its end: all that any party has is what its jobs brought it.
    function rule2_paysOnceWhatWasFunded() external view {
        for (uint256 i = 0; i < jobs.length; ++i) {
            Entry storage job = jobs[i];
            bool ended = _isFinal(job.expected.status);
            require(job.endings == (ended ? 1 : 0), "rule 2: a job ended more than once");
            uint256 paidOut = job.earned + job.fee + job.returned;
            require(paidOut == (ended ? job.funded : 0), "rule 2: a job paid out something else than it took in");
        }
        for (uint256 i = 0; i < parties.length; ++i) {
            address account = parties[i].account;
            uint256 has = USDC.balanceOf(account) + ESCROW.credit(account);
            require(has == balances[account] + credits[account], "rule 2: a party has not what its jobs brought it");
        }
    }

    /// 5. Only settled and lapsed jobs move a reputation, by their value; what a broken reputation missed stays missed.
    function rule5_onlyWorkMovesReputation() external view {
        // A broken one can't be asked.
        if (reputationBroken) return;
        for (uint256 i = 0; i < workers.length; ++i) {
            for (uint256 j = 0; j < domains.length; ++j) {
                address worker = workers[i].account;
                Record memory record = REPUTATION.recordOf(address(ESCROW), worker, domains[j]);
                require(record.successValue == successValue[worker][domains[j]], "rule 5: success that no job earned");
                require(record.failureValue == failureValue[worker][domains[j]], "rule 5: failure that no job earned");
            }
        }
    }

    /// 6 and 7. Whom USDC can't pay, blocked or paused, has a credit of just that amount; all others have the money.
    function rules6And7_onlyTheBlockedWait() external view {
        for (uint256 i = 0; i < parties.length; ++i) {
            address account = parties[i].account;
            require(ESCROW.credit(account) == credits[account], "rules 6, 7: a credit is not what was blocked");
            require(USDC.balanceOf(account) == balances[account], "rules 6, 7: a party was not paid");
        }
    }

    /// 8. The fee is 250 basis points of what the worker earns, rounded down, and a refund returns it.
    function rule8_feeOfWhatIsEarned() external view {
        uint256 fees;
        for (uint256 i = 0; i < jobs.length; ++i) {
            Entry storage job = jobs[i];
            fees += job.fee;
            require(job.fee * 10_000 <= job.earned * 250, "rule 8: the fee is above 250 basis points");
            require((job.fee + 1) * 10_000 > job.earned * 250, "rule 8: the fee is below 250 basis points");
            bool refunded = job.expected.status == Status.Refunded;
            require(!refunded || job.returned == job.funded, "rule 8: a refund kept something");
        }
        require(_takenByTreasury() == fees, "rule 8: the treasury has something else than its fees");
    }

    /// What an operator takes for jobs never exceeds what the client granted it.
    function limitsHold() external view {
        for (uint256 i = 0; i < clients.length; ++i) {
            for (uint256 j = 0; j < parties.length; ++j) _requireLimitHolds(clients[i].account, parties[j].account);
        }
    }

    function _requireLimitHolds(address client, address spender) private view {
        Grant storage grant = grants[client][spender];
        if (grant.granted == 0) return;
        require(grant.spent <= grant.granted, "an operator took more than it was granted");
        uint256 remaining = ESCROW.spendingLimit(client, spender).remaining;
        require(
            remaining == grant.granted - grant.spent,
            "a spending limit is not what was granted less what was taken"
        );
    }

    /// What the treasury has beside its own earnings as a worker or client.
    function _takenByTreasury() private view returns (uint256 taken) {
        address account = treasury.account;
        taken = USDC.balanceOf(account) + ESCROW.credit(account);
        for (uint256 i = 0; i < jobs.length; ++i) {
            if (jobs[i].expected.worker == account) taken -= jobs[i].earned;
        }
    }

    function _isFinal(Status status) internal pure returns (bool) {
        return status == Status.Paid || status == Status.Refunded || status == Status.Split;
    }
}
