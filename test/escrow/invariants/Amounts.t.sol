// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow, Terms} from "../../../contracts/escrow/IEscrow.sol";
import {Manner} from "./Arbiter.sol";
import {vm} from "./Vm.sol";
import {World} from "./World.sol";

/// @notice The arithmetic of money, for every amount that a job can have.
contract AmountsTest is World {
    uint256 private constant MAX_REWARD = type(uint96).max / 2;

    function setUp() public {
        USDC.mint(clients[0].account, 2 * MAX_REWARD);
        vm.prank(clients[0].account);
        USDC.approve(address(ESCROW), type(uint256).max);
    }

    /// 8. The fee is 250 basis points of the reward, rounded down.
    function testFuzz_feeIsRoundedDown(uint96 reward) public view {
        uint256 fee = ESCROW.feeOf(reward);
        require(fee * 10_000 <= uint256(reward) * 250, "the fee is above 250 basis points");
        require((fee + 1) * 10_000 > uint256(reward) * 250, "the fee is a whole unit below 250 basis points");
    }

    /// 2 and 8. However a job's money is split, the parts make up what was funded: the worker's part is rounded down, the fee
    /// is that of the worker's part, and the client has all the rest.
    function testFuzz_partsOfASplitMakeTheWhole(uint96 reward, uint16 share) public {
        reward = uint96(1 + (reward % MAX_REWARD));
        share = share % 10_001;
        Terms memory terms = _termsOf(reward);
        uint256 total = reward + ESCROW.feeOf(reward);
        uint256 before = USDC.balanceOf(terms.client);
        _disputeAndRule(terms, share);

        uint256 earned = USDC.balanceOf(workers[0].account);
        uint256 fee = ESCROW.credit(treasury.account);
        uint256 spent = before - USDC.balanceOf(terms.client);
        require(earned == (uint256(reward) * share) / 10_000, "the worker has not its share");
        require(fee == ESCROW.feeOf(earned), "the fee is not that of what was earned");
        require(spent == earned + fee, "the client paid something else than what was earned and its fee");
        require(spent <= total, "the client paid more than it funded");
        require(USDC.balanceOf(address(ESCROW)) == fee, "the escrow kept something");
    }

    function _disputeAndRule(Terms memory terms, uint256 share) private {
        address worker = workers[0].account;
        vm.prank(terms.client);
        ESCROW.fund(terms);
        vm.prank(worker);
        ESCROW.accept(terms, worker, 0, "");
        vm.prank(worker);
        ESCROW.submit(terms, "evidence", 0, "");
        vm.warp(START + terms.verifyWindow + 1);
        vm.prank(worker);
        ESCROW.dispute(terms, worker, "silence", 0, "", abi.encode(Manner.RulesAtOnce, share));
    }

    function _termsOf(uint96 reward) private view returns (Terms memory terms) {
        terms.client = clients[0].account;
        terms.verifier = verifiers[0].account;
        terms.arbiter = address(ARBITER);
        terms.reward = reward;
        terms.deadline = uint40(START + 1 days);
        terms.workWindow = 1 hours;
        terms.verifyWindow = 1 hours;
    }
}
