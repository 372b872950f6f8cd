// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow, JobId, Terms} from "../../../contracts/escrow/IEscrow.sol";
import {IReputation} from "../../../contracts/reputation/IReputation.sol";
import {Arbiter} from "./Arbiter.sol";
import {Usdc, UsdcFixture} from "./UsdcFixture.sol";
import {vm} from "./Vm.sol";
import {Wallet} from "./Wallet.sol";

/// @notice Somebody who can sign: an EOA by its own key, or an ERC-1271 account by its owner's.
struct Party {
    address account;
    uint256 key;
}

/// @notice The contracts as they are deployed, real USDC, and everybody who plays a part.
abstract contract World is UsdcFixture {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant CLIENT_BALANCE = 1_000_000e6;

    IEscrow internal immutable ESCROW;
    IReputation internal immutable REPUTATION;
    Usdc internal immutable USDC;
    Arbiter internal immutable ARBITER;
    bytes32 internal immutable ESCROW_DOMAIN;

    Party[] internal clients;
    Party[] internal workers;
    Party[] internal verifiers;
    Party internal operator;
    Party internal matcher;
    Party internal stranger;
    Party internal treasury;
    /// All of the above.
    Party[] internal parties;

    constructor() {
        vm.warp(START);
        _gather();
        USDC = _deployUsdc();
        REPUTATION = IReputation(_create(vm.getCode("Reputation.sol:Reputation")));
        bytes memory arguments = abi.encode(USDC, REPUTATION, treasury.account);
        ESCROW = IEscrow(_create(bytes.concat(vm.getCode("Escrow.sol:Escrow"), arguments)));
        ARBITER = new Arbiter(ESCROW);
        ESCROW_DOMAIN = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("HireForHumans Escrow"),
                keccak256("1"),
                block.chainid,
                ESCROW
            )
        );
        for (uint256 i = 0; i < clients.length; ++i) USDC.mint(clients[i].account, CLIENT_BALANCE);
    }

    function _gather() private {
        clients.push(_join("client 1", false));
        clients.push(_join("client 2", false));
        clients.push(_join("client 3", true));
        workers.push(_join("worker 1", false));
        workers.push(_join("worker 2", false));
        workers.push(_join("worker 3", true));
        verifiers.push(_join("verifier", false));
        verifiers.push(_join("committee", true));
        operator = _join("operator", false);
        matcher = _join("matcher", false);
        stranger = _join("stranger", false);
        treasury = _join("treasury", false);
    }

    function _join(string memory name, bool asWallet) private returns (Party memory party) {
        party.key = uint256(keccak256(bytes(name)));
        party.account = vm.addr(party.key);
        if (asWallet) party.account = address(new Wallet(party.account));
        parties.push(party);
    }

    /// @dev The job's id as the interface defines it, computed apart from the contract.
    function _idOf(Terms memory terms) internal view returns (JobId) {
        return JobId.wrap(keccak256(abi.encode(block.chainid, ESCROW, terms)));
    }

    function _signature(Party memory signer, bytes32 domain, bytes32 structHash) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(
            signer.key,
            keccak256(abi.encodePacked("\x19\x01", domain, structHash))
        );
        return abi.encodePacked(r, s, v);
    }

    /// @dev Whether USDC would let the escrow pay this account now.
    function _canReceive(address account) internal view returns (bool) {
        return !USDC.paused() && !USDC.isBlacklisted(address(ESCROW)) && !USDC.isBlacklisted(account);
    }
}
